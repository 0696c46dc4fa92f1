/** Making and changing what is on the page. Text is only ever set as text. */

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes, and children that are elements or texts; `on…` attributes are listeners. */
export function make(tag, attributes = {}, ...children) {
  const element = /^(?:svg|path|g|rect|clipPath|defs)$/.test(tag)
    ? document.createElementNS(SVG, tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

export function byId(id) {
  return document.getElementById(id);
}

/** Writes `text` into `element`, unless it stands there. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Sets an attribute, unless it is so already. */
export function mark(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/**
 * Keeps one child of `parent` for each of `items`, in their order: made once by `create(item)`, brought up to date by
 * `update(child, item)`, and known again by `key(item)`, so that focus and what is open stay.
 */
export function keep(parent, items, { key, create, update }) {
  const known = parent.kept ?? (parent.kept = new Map());
  const seen = new Set();
  let before = null;
  for (const item of items) {
    const name = key(item);
    if (seen.has(name)) continue;
    seen.add(name);
    let child = known.get(name);
    if (child === undefined) known.set(name, child = create(item));
    const place = before === null ? parent.firstChild : before.nextSibling;
    if (place !== child) parent.insertBefore(child, place);
    update(child, item);
    before = child;
  }
  for (const [name, child] of known) {
    if (seen.has(name)) continue;
    child.remove();
    known.delete(name);
  }
}
