// The key of whoever sits here: made, imported, unlocked, locked, forgotten.

import { find } from '../data/api.mjs';
import { chain } from '../data/chain.mjs';
import { MIN_PASSWORD, forgetStored, readStored, seal, unseal, writeStored } from '../keys/keystore.mjs';
import { currentKey, lockKey, obstacle, useSeed } from '../keys/session.mjs';
import { newWords, seedOf } from '../keys/words.mjs';
import { h } from '../show/dom.mjs';
import { visible } from '../show/format.mjs';
import { account, card, empty, facts, heading, money, note, section, warning } from '../show/parts.mjs';

const CONFIRMED = 3; // How many of the words are asked for.
const TEST_COIN_TYPE = 1;
const STORED = 'What is stored in this browser: the account’s address, and its private seed encrypted (AES-256-GCM) under your '
  + 'password (PBKDF2, 600,000 rounds). Not the words, not the password. Whoever knows the password and has this device has the key.';

// Where a person is: `step` is `start`, `words`, `confirm` or `keep`. A secret is here no longer than it is needed.
const fresh = () => ({ step: 'start', words: null, asked: [], seed: null, isBusy: false, problem: '' });
let state = fresh();

export const title = () => 'Wallet';
export const follows = (change) => change.kind === 'any';

export async function load() {
  const [why, stored] = await Promise.all([obstacle(), readStored().catch(() => null)]);
  const key = currentKey();
  return { why, stored, known: key && (await find(`accounts/${key.address}`)) };
}

export function show({ why, stored, known }, { reload, redraw }) {
  const act = (work) => async (event) => {
    event?.preventDefault();
    if (state.isBusy) return;
    Object.assign(state, { isBusy: true, problem: '' });
    redraw();
    try {
      await work(event ? new FormData(event.currentTarget ?? event.target) : null);
    } catch (error) {
      state.problem = error.message;
    }
    state.isBusy = false;
    await reload();
  };
  const key = currentKey();
  return [
    heading('Wallet'),
    h('p', { class: 'lead' }, 'A key of yours signs in this page. It is never sent anywhere.'),
    why ? warning(why) : null,
    h('div', { role: 'status' }, state.isBusy ? note('One moment: passwords are made slow to guess.') : null),
    state.problem ? warning(state.problem) : null,
    why ? null : key ? opened(key, stored, known, act) : STEPS[state.step](act, stored),
  ];
}

const submit = (text) => h('button', { type: 'submit', class: 'primary', disabled: state.isBusy }, text);
const button = (text, onclick) => h('button', { type: 'button', onclick }, text);
const field = (label, control, hint) => h('label', {}, h('span', {}, label), control, hint ? h('small', {}, hint) : null);
const password = (name, label, mode, hint) => field(label, h('input', { type: 'password', name, required: true, autocomplete: mode, 'data-key': name }), hint);
const form = (key, onsubmit, ...children) => h('form', { class: 'card form', 'data-key': key, onsubmit }, ...children);

const STEPS = {
  start: (act, stored) => h('div', { class: 'columns even', 'data-key': 'start' },
    h('div', {}, stored ? section('Unlock', unlockForm(act, stored)) : section('Make a key', makeForm(act))),
    h('div', {}, section('Import a key', importForm(act)))),
  words: (act) => section('Write these words down', h('div', { class: 'card form', 'data-key': 'words' },
    h('p', {}, `These ${state.words.length} words are the key. They are shown now and never again; whoever has them can vote and pay as you. Write them on paper, in order.`),
    h('ol', { class: 'words' }, state.words.map((word) => h('li', {}, word))),
    h('p', { class: 'buttons' }, h('button', { type: 'button', class: 'primary', onclick: act(async () => askForWords()) }, 'I have written them down'), button('Cancel', act(async () => { state = fresh(); }))))),
  confirm: (act) => section('Did you write them down?', form('confirm', act(confirmWords),
    h('p', {}, 'Look at your paper for these words:'),
    state.asked.map((at) => field(`Word ${at + 1}`, h('input', { name: `word${at}`, required: true, autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false', 'data-key': `word${at}` }))),
    h('p', { class: 'buttons' }, submit('Go on'), button('Show the words again', act(async () => { state.step = 'words'; }))))),
  keep: (act) => section('Where shall the key stay?', form('keep', act(keepKey),
    h('fieldset', {}, h('legend', {}, 'Keep it'),
      h('label', { class: 'check' }, h('input', { type: 'radio', name: 'keep', value: 'memory', checked: true }), h('span', {}, 'only until this page is closed; nothing is stored')),
      h('label', { class: 'check' }, h('input', { type: 'radio', name: 'keep', value: 'browser' }), h('span', {}, 'in this browser, encrypted under a password'))),
    h('div', { class: 'passwords' },
      field('Password', h('input', { type: 'password', name: 'password', autocomplete: 'new-password', 'data-key': 'password' }), `at least ${MIN_PASSWORD} characters; it cannot be recovered, but the words can import the key again`),
      field('The same again', h('input', { type: 'password', name: 'again', autocomplete: 'new-password', 'data-key': 'again' }))),
    note(STORED),
    h('p', { class: 'buttons' }, submit('Use this key'), button('Cancel', act(async () => { state = fresh(); }))))),
};

const makeForm = (act) => form('make', act(async (data) => {
  state.words = await newWords(Number(data.get('count')));
  state.step = 'words';
}), h('p', {}, 'A new key is a list of words that you keep on paper. It becomes a member’s when a registrar registers its address.'),
field('How many words', h('select', { name: 'count' }, h('option', { value: '12' }, '12 words'), h('option', { value: '24' }, '24 words'))),
h('p', { class: 'buttons' }, submit('Make a key')));

const importForm = (act) => form('import', act(async (data) => {
  state.seed = await seedOf(data.get('secret'), { coinType: Number(data.get('coin')), account: Number(data.get('account')) });
  state.step = 'keep';
}), field('Words, or private seed', h('textarea', { name: 'secret', rows: 3, required: true, autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false', 'data-key': 'secret' }), '12 to 24 words with spaces between, or 64 hexadecimal digits'),
h('details', {}, h('summary', {}, 'Derivation'),
  field('Account', h('input', { type: 'number', name: 'account', min: 0, max: 2 ** 31 - 1, value: '0', required: true }), 'the third number of the path m/44′/coin′/account′/0′'),
  field('Coin type', h('input', { type: 'number', name: 'coin', min: 0, max: 2 ** 31 - 1, value: String(TEST_COIN_TYPE), required: true }), 'that of the genesis document; 1 on test networks')),
h('p', { class: 'buttons' }, submit('Import')));

const unlockForm = (act, stored) => form('unlock', act(async (data) => {
  await useSeed(await unseal(stored, data.get('password')));
  state = fresh();
}), h('p', {}, 'This browser holds the key of ', account(stored.address), '.'),
password('password', 'Password', 'current-password'),
h('p', { class: 'buttons' }, submit('Unlock'), button('Forget this key', act(forgetStored))),
note('Forgetting deletes it from this browser. Only its words bring it back.'));

function askForWords() {
  const places = state.words.map((_, at) => at);
  const chosen = [];
  while (chosen.length < CONFIRMED) {
    const [drawn] = crypto.getRandomValues(new Uint32Array(1));
    chosen.push(...places.splice(drawn % places.length, 1));
  }
  state.asked = chosen.sort((one, other) => one - other);
  state.step = 'confirm';
}

async function confirmWords(data) {
  const wrong = state.asked.find((at) => data.get(`word${at}`).trim().toLowerCase() !== state.words[at]);
  if (wrong !== undefined) throw new Error(`Word ${wrong + 1} is another one. Look at your paper again.`);
  state.seed = await seedOf(state.words.join(' '), { coinType: TEST_COIN_TYPE, account: 0 });
  Object.assign(state, { words: null, step: 'keep' });
}

async function keepKey(data) {
  const { seed } = state;
  const isStored = data.get('keep') === 'browser';
  if (isStored && data.get('password') !== data.get('again')) throw new Error('The two passwords differ.');
  const key = await useSeed(seed);
  try {
    if (isStored) await writeStored(await seal(seed, key.address, data.get('password')));
  } catch (error) {
    lockKey();
    throw error;
  }
  seed.fill(0);
  state = fresh();
}

function opened({ address }, stored, known, act) {
  const name = chain.names.get(address);
  const balances = known?.balances ?? [];
  const isStored = stored?.address === address;
  return section('Your key is ready', h('div', { class: 'card form', 'data-key': 'opened' },
    facts(
      ['Account', name ? h('span', { class: 'name' }, visible(name)) : 'not a member yet'],
      ['Address', h('code', { class: 'whole' }, address)],
      ...balances.map((each) => [each.asset.toUpperCase(), money(each.amount, each.asset)]),
      ['Kept', isStored ? 'in this browser, encrypted under your password' : 'until this page is closed'],
    ),
    balances.length ? null : empty('It holds no coins. A vote costs a small fee.'),
    isStored ? note(STORED) : null,
    h('p', { class: 'buttons' }, button(isStored ? 'Lock' : 'Drop this key', act(async () => lockKey())),
      isStored ? button('Forget it', act(async () => { lockKey(); await forgetStored(); })) : null)));
}
