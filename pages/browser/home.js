// Where the app lives: every address of it begins there, and whatever stands before its name in a balancer's rules.

/** An address of this app: each page's has one part. @param {string} path  from its root, with a slash */
export const fromHome = (path) => new URL(`.${path}`, location.href).href;
