// Makes elements and brings what is on the page up to date. Text goes in as text: nothing here parses HTML.

const SVG = 'http://www.w3.org/2000/svg';
const SVG_TAGS = new Set(['svg', 'path', 'line', 'rect', 'circle', 'text', 'g']);
const HANDLERS = ['onclick', 'onsubmit', 'oninput', 'onchange'];
const PROPERTIES = new Set(['value', 'checked', ...HANDLERS]);

// An element. `style` is an object of CSS properties; null, undefined and false leave an attribute or a child out.
export function h(tag, attributes = {}, ...children) {
  const element = SVG_TAGS.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'style') for (const [property, to] of Object.entries(value)) element.style.setProperty(property, to);
    else if (PROPERTIES.has(name)) element[name] = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter(isShown));
  return element;
}

const isShown = (child) => child !== null && child !== undefined && child !== false;

// Makes `current` equal to `wanted` and keeps its nodes, so that focus, scrolling and what somebody types stay. Children
// with a `data-key` are found again by it wherever they went. What a person opened stays open.
export function patch(current, wanted) {
  if (current.nodeType === Node.TEXT_NODE) {
    if (current.data !== wanted.data) current.data = wanted.data;
    return;
  }
  patchAttributes(current, wanted);
  patchChildren(current, wanted);
}

function patchAttributes(current, wanted) {
  for (const { name } of [...current.attributes]) {
    if (!wanted.hasAttribute(name) && !isOfPerson(current, name)) current.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (name === 'style') continue;
    if (current.getAttribute(name) !== value && !isOfPerson(current, name)) current.setAttribute(name, value);
  }
  if (current.style.cssText !== wanted.style.cssText) current.style.cssText = wanted.style.cssText;
  for (const name of HANDLERS) current[name] = wanted[name];
}

const isOfPerson = (element, name) => element.nodeName === 'DETAILS' && name === 'open';

function patchChildren(current, wanted) {
  const keyed = new Map([...current.children].filter(keyOf).map((child) => [keyOf(child), child]));
  let at = current.firstChild;
  for (const child of [...wanted.childNodes]) {
    const found = keyOf(child) ? keyed.get(keyOf(child)) : at;
    if (!found || !isAlike(found, child)) {
      current.insertBefore(child, at);
      continue;
    }
    if (found === at) at = at.nextSibling;
    else current.insertBefore(found, at);
    patch(found, child);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

const keyOf = (node) => node.dataset?.key;
const isAlike = (one, other) => one.nodeName === other.nodeName && keyOf(one) === keyOf(other);
