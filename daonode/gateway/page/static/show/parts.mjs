// Pieces that several views are made of.

import { chain, decimalsOf } from '../data/chain.mjs';
import { now } from '../data/clock.mjs';
import { h } from './dom.mjs';
import { amount, coin, distance, moment, shortAddress, shortHex, visible } from './format.mjs';
import { statusWords } from './words.mjs';

export const link = (to, ...children) => h('a', { href: `#/${to}` }, ...children);
export const heading = (text, ...beside) =>
  h('header', { class: 'heading' }, h('h1', { tabindex: -1 }, text), ...beside);
export const section = (title, ...children) => h('section', {}, h('h2', {}, title), ...children);
export const card = (...children) => h('div', { class: 'card' }, ...children);
export const empty = (text) => h('p', { class: 'empty' }, text);
export const note = (...children) => h('p', { class: 'note' }, ...children);
export const warning = (text) => h('p', { class: 'warning', role: 'alert' }, text);

// Who an address is: the member's name where it is known, and enough of the address to tell it from others, which
// `short` leaves to the title.
export function account(address, { short: isShort = false } = {}) {
  if (!address) return h('span', { class: 'muted' }, 'nobody');
  if (address.startsWith('daoval1')) return link('validators', h('code', { title: address }, shortAddress(address)));
  const name = chain.names.get(address);
  const short = h('code', { title: address }, shortAddress(address));
  if (name && isShort) return link(`members/${address}`, h('span', { class: 'name', title: address }, visible(name)));
  return link(`members/${address}`, name ? [h('span', { class: 'name' }, visible(name)), ' ', short] : short);
}

export const words = (parts) =>
  parts.map((part) => {
    if (part.address) return account(part.address);
    return part.proposal ? link(`proposals/${part.proposal}`, 'proposal ', hash(part.proposal)) : part;
  });
export const money = (units, asset) =>
  h('span', { class: 'money' }, `${amount(units, decimalsOf(asset))} `, h('span', { class: 'coin' }, coin(asset)));
export const hash = (id) => h('code', { title: id }, shortHex(id));
export const transaction = (id) =>
  id ? link(`transactions/${id}`, hash(id)) : h('span', { class: 'muted' }, 'the block itself');
export const block = (height) => link(`blocks/${height}`, String(height));

// A time as its distance from now, which goes on by itself; the time itself stands in the title.
export const ago = (time) =>
  time
    ? h('time', { datetime: time, title: moment(time), 'data-distance': true }, distance(Date.parse(time), now()))
    : h('span', { class: 'muted' }, 'never');
export function tickTimes(root) {
  for (const element of root.querySelectorAll('time[data-distance]')) {
    const text = distance(Date.parse(element.dateTime), now());
    if (element.textContent !== text) element.textContent = text;
  }
}

export function badge(status) {
  const { label, tone } = statusWords(status);
  return h('span', { class: `badge ${tone}` }, label);
}
export const choice = (chosen) => h('span', { class: `choice ${chosen}` }, chosen);

// Names and values. Pairs that are null are left out.
export const facts = (...pairs) =>
  h(
    'dl',
    { class: 'facts' },
    pairs.filter(Boolean).map(([name, ...value]) => h('div', {}, h('dt', {}, name), h('dd', {}, ...value))),
  );

// A table which on a narrow screen becomes a list of cards; `rows` are arrays of cells in the order of `columns`. The
// roles are written out because browsers forget them where CSS shows a table as something else.
export function table(caption, columns, rows) {
  const heads = columns.map((column) => h('th', { scope: 'col', role: 'columnheader' }, column));
  const cells = (row) =>
    row.map((cell, at) => h('td', { role: 'cell', 'data-label': columns[at] }, h('div', {}, cell)));
  return h(
    'table',
    { role: 'table' },
    h('caption', { class: 'hidden' }, caption),
    h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, heads)),
    h(
      'tbody',
      { role: 'rowgroup' },
      rows.map(({ key, cells: row }) => h('tr', { role: 'row', 'data-key': key }, cells(row))),
    ),
  );
}
export const row = (key, ...cells) => ({ key, cells });

export const moreButton = (hasMore, onclick) =>
  hasMore ? h('p', { class: 'more' }, h('button', { type: 'button', onclick }, 'Show more')) : null;

// Paragraphs of plain text: an empty line begins another, a line break stays one.
export const paragraphs = (text) =>
  visible(text)
    .split(/\n\s*\n/)
    .filter((each) => each.trim())
    .map((each) => h('p', { class: 'prose' }, each));
