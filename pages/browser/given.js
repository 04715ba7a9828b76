// What Python hands over with the page: the names, limits and addresses that both sides know.

/**
 * @typedef {object} Term  of the glossary
 * @property {string} key @property {string} name @property {string} says
 * @property {string[]} [symbols]  as formulas write it @property {string} [color]  of its numbers there
 * @property {string[]} [shows]  traces, by name, that draw it @property {string[]} [pages]  if it means that on these only
 *
 * @typedef {object} Given
 * @property {string} release  of the server @property {string} plotly  where its file is
 * @property {string} health  where the server says that it is well @property {string} code  where QR codes are made
 * @property {string} handout @property {string} pack  where scripts become links
 * @property {string} mine  what addresses call the script that this browser keeps
 * @property {number} mostSlides  of a script @property {number} longestFile  of a script, in bytes
 * @property {number} longestOwn  of a script that is handed to the server, in bytes as it is sent
 * @property {number} seconds  that a slide takes if nothing is said @property {number} mostSeconds
 * @property {string[]} stage  of an address: where a speaker stands, and no setting of a page
 * @property {Term[]} terms  of the glossary
 * @property {string[]} predicted  of a scene's address: the room will predict anew
 */

const { given: text = "{}" } = document.currentScript?.dataset ?? {};
export const given = /** @type {Given} */ (JSON.parse(text));
