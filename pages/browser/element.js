// An element of the page, with its class and what stands in it.

/** @returns {any} */
export function element(tag, className = "", ...children) {
  const node = Object.assign(document.createElement(tag), { className });
  node.append(...children);
  return node;
}
