// An element of the page, with its class and what stands in it.

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag @param {(Node | string)[]} children
 */
export function element(tag, className = "", ...children) {
  const node = Object.assign(document.createElement(tag), { className });
  node.append(...children);
  return node;
}
