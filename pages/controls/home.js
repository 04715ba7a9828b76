// Where the app lives: every address of it begins there, and whatever stands before its name in a balancer's rules.

const home = new URL("./", location.href); // as the page was loaded: each page's address has one part

/** An address of this app. @param {string} path  from its root, with or without a slash */
export const at = (path) => new URL(path.replace(/^\//, ""), home).href;
