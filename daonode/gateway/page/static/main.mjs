// The page: which view is shown, when it is loaded again, and what stands above all of them.

import { chain, loadChain } from './data/chain.mjs';
import { seeBlock, setClock } from './data/clock.mjs';
import { follow } from './data/live.mjs';
import { h, patch } from './show/dom.mjs';
import { integer, interval } from './show/format.mjs';
import { heading, tickTimes } from './show/parts.mjs';
import * as block from './views/block.mjs';
import * as blocks from './views/blocks.mjs';
import * as member from './views/member.mjs';
import * as members from './views/members.mjs';
import * as overview from './views/overview.mjs';
import * as proposal from './views/proposal.mjs';
import * as proposals from './views/proposals.mjs';
import * as transaction from './views/transaction.mjs';
import * as treasury from './views/treasury.mjs';
import * as validators from './views/validators.mjs';
import * as wallet from './views/wallet.mjs';

// First part of the address -> the view of the list, and that of one thing in it. A view has `title(data)`,
// `load({parts, query, wanted})`, `show(data, context)`, `follows(change, data)`, which says whether to load again, and
// where it shows blocks as they come `onBlock(block, data)`.
const VIEWS = {
  '': [overview],
  proposals: [proposals, proposal],
  members: [members, member],
  treasury: [treasury],
  validators: [validators],
  blocks: [blocks, block],
  transactions: [null, transaction],
  wallet: [wallet],
};
const PAGE = 30;
const RELOAD_MS = 1_000; // The least time between two loads that events cause.
const RETRY_MS = 5_000; // After a load in the background that failed.
const CHAIN_MS = 60_000; // How old the names of members and the like may be.
const TYPING_MS = 250;

const main = document.getElementById('main');
let shown = null; // What is shown: {view, route, data, wanted}
let loading = 0; // The number of the latest load; an older one that comes late is dropped.
let filtered = null; // The address that a filter has just set.

const plainOf = (part) => {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
};
const routeOf = (address) => {
  const [path, query = ''] = address.replace(/^#?\/?/, '').split('?');
  const [first, ...parts] = path.split('/').map(plainOf);
  return { first, parts, query: new URLSearchParams(query), address };
};
const viewOf = ({ first, parts }) => VIEWS[first]?.[parts[0] ? 1 : 0] ?? null;

async function navigate() {
  const route = routeOf(location.hash);
  const isFilter = filtered === location.hash;
  filtered = null;
  const view = viewOf(route);
  if (!isFilter || !shown) {
    shown = { view, route, data: null, wanted: PAGE };
    main.replaceChildren(h('p', { class: 'loading', role: 'status' }, 'Loading…'));
    window.scrollTo(0, 0);
  } else Object.assign(shown, { route, wanted: PAGE });
  markCurrent(route);
  closeMenu();
  await reload({ isNew: !isFilter });
}

async function reload({ isNew = false } = {}) {
  const here = shown;
  const { view, route, wanted } = here;
  loading += 1;
  const mine = loading;
  try {
    if (!view) throw Object.assign(new Error('There is no such page.'), { status: 404 });
    if (!chain.status) await begin();
    const data = await view.load({ ...route, wanted });
    if (mine !== loading || here !== shown) return;
    here.data = data;
    draw();
  } catch (error) {
    if (mine !== loading || here !== shown) return;
    // What is shown stays where it cannot be asked for again just now.
    if (here.data && error.status !== 404) later(RETRY_MS);
    else showError(error);
  }
  if (isNew && here === shown) announceView();
}

// The chain in general, once; the node's clock with it.
async function begin() {
  await loadChain();
  setInterval(() => loadChain().catch(() => {}), CHAIN_MS);
  await setClock(chain.status.time);
  document.querySelector('#brand span').textContent = chain.status.chain_id.replace(/^daonode:/, '');
  showStatus();
}

function draw() {
  const { view, route, data } = shown;
  const content = h('main', {}, view.show(data, { ...route, filter, showMore, reload, redraw: draw }));
  for (const { name } of [...main.attributes]) content.setAttribute(name, main.getAttribute(name));
  patch(main, content);
  document.title = `${view.title(data)} · ${chain.status.chain_id}`;
}

function showError(error) {
  const title = error.status === 404 || error.status === 400 ? 'Not here' : 'Not now';
  const words = error.status === 404 ? 'There is nothing under this address.' : error.message;
  main.replaceChildren(
    heading(title),
    h('p', { class: 'lead', role: 'alert' }, words),
    h('p', { class: 'muted' }, error.hint ?? ''),
    h(
      'p',
      { class: 'buttons' },
      h('button', { type: 'button', class: 'primary', onclick: () => reload() }, 'Try again'),
      ' ',
      h('a', { href: '#/' }, 'To the overview'),
    ),
  );
  document.title = title;
}

// Readers of screens hear of a new view because its heading gets the focus; the first one is the document's own.
let hasShown = false;
function announceView() {
  if (hasShown) main.querySelector('h1')?.focus({ preventScroll: true });
  hasShown = true;
}

// --- What views ask for

let typing = null;
function filter(name, value) {
  clearTimeout(typing);
  typing = setTimeout(() => {
    const { first, query } = routeOf(location.hash);
    if (value) query.set(name, value);
    else query.delete(name);
    filtered = `#/${first}${String(query) ? `?${query}` : ''}`;
    if (filtered === location.hash) filtered = null;
    else location.replace(filtered);
  }, TYPING_MS);
}
function showMore() {
  shown.wanted += PAGE;
  reload();
}

// --- The chain goes on

let due = null;
let lastReload = 0;
function later(milliseconds) {
  due ??= setTimeout(() => {
    [due, lastReload] = [null, Date.now()];
    reload();
  }, milliseconds);
}

function onChange(change) {
  if (shown?.data && shown.view.follows(change, shown.data)) later(Math.max(0, lastReload + RELOAD_MS - Date.now()));
}

async function onBlock(seen) {
  if (!chain.status) return;
  Object.assign(chain.status, seen);
  await seeBlock(seen.time);
  showStatus();
  if (shown?.data && shown.view.onBlock) {
    shown.view.onBlock(seen, shown.data);
    draw();
  }
  onChange({ kind: 'block' });
}

const STATES = { live: 'live', polling: 'every two seconds', offline: 'the gateway does not answer' };
let following = 'polling';
function onState(to) {
  if (to === following) return;
  following = to;
  showStatus();
  if (to !== 'offline' && shown && !shown.data) reload();
}

function showStatus() {
  const place = document.getElementById('status');
  place.className = following;
  place.title = `New blocks: ${STATES[following]}`;
  const { height, interval_ms: intervalMs } = chain.status ?? {};
  const text = height === undefined ? STATES[following] : integer(height);
  patch(
    place,
    h(
      'a',
      { id: 'status', href: '#/blocks', class: following, title: place.title },
      h('span', { class: 'dot', 'data-key': String(height) }),
      h('span', { class: 'hidden' }, `${STATES[following]}, height `),
      h('b', {}, text),
      height === undefined || following === 'offline' ? null : h('span', { class: 'muted' }, interval(intervalMs)),
    ),
  );
}

// --- The menu

function markCurrent({ first }) {
  for (const each of document.querySelectorAll('#menu a')) {
    if (routeOf(each.hash).first === first) each.setAttribute('aria-current', 'page');
    else each.removeAttribute('aria-current');
  }
}
const toggle = document.getElementById('toggle');
const setMenu = (isOpen) => toggle.setAttribute('aria-expanded', String(isOpen));
const closeMenu = () => setMenu(false);
toggle.addEventListener('click', () => setMenu(toggle.getAttribute('aria-expanded') !== 'true'));
document.addEventListener('keydown', ({ key }) => {
  if (key === 'Escape') closeMenu();
});
document.getElementById('skip').addEventListener('click', (event) => {
  event.preventDefault();
  main.focus();
});

window.addEventListener('hashchange', navigate);
setInterval(() => tickTimes(main), 1_000);
await navigate();
follow({ onBlock, onChange, onState });
