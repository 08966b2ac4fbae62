// The key of whoever sits here: made, imported, unlocked, locked, forgotten.

import { forgetValidators, remembered } from '../chain/trust.mjs';
import { find } from '../data/api.mjs';
import { chain } from '../data/chain.mjs';
import { MIN_PASSWORD, forgetStored, readStored, unseal } from '../keys/keystore.mjs';
import * as keys from '../keys/making.mjs';
import { currentKey, lockKey, obstacle, useSeed } from '../keys/session.mjs';
import { h } from '../show/dom.mjs';
import { SECRET, button, buttons, doing, field, form, input, option, step, submit, textarea } from '../show/forms.mjs';
import { moment, visible } from '../show/format.mjs';
import { account, card, empty, facts, heading, money, note, section, warning } from '../show/parts.mjs';

const MAX_INDEX = 2 ** 31 - 1;
const STORED = `What is stored in this browser: the account’s address, and its private seed encrypted (AES-256-GCM) under
  your password (PBKDF2, 600,000 rounds). Not the words, not the password. Whoever has this device and knows the
  password has the key.`;
const { making } = keys;

export const title = () => 'Wallet';
export const follows = (change) => change.kind === 'any';

export async function load() {
  const [why, stored] = await Promise.all([obstacle(), readStored().catch(() => null)]);
  const key = currentKey();
  return { why, stored, known: key && (await find(`accounts/${key.address}`)) };
}

export function show({ why, stored, known }, { reload, redraw }) {
  const act = doing(making, redraw, reload);
  const key = currentKey();
  return [
    heading('Wallet'),
    h('p', { class: 'lead' }, 'A key of yours signs in this page. It is never sent anywhere.'),
    why ? warning(why) : null,
    h('div', { role: 'status' }, making.isBusy ? note('One moment: passwords are made slow to guess.') : null),
    making.problem ? warning(making.problem) : null,
    why
      ? null
      : step(key ? 'opened' : making.step, {}, key ? opened(key, stored, known, act) : STEPS[making.step](act, stored)),
    trusted(act),
  ];
}

const cancelButton = (act) => button('Cancel', act(keys.cancel));

const STEPS = {
  start: (act, stored) =>
    h(
      'div',
      { class: 'columns even' },
      h('div', {}, stored ? section('Unlock', unlockForm(act, stored)) : section('Make a key', makeForm(act))),
      h('div', {}, section('Import a key', importForm(act))),
    ),

  words: (act) =>
    section(
      'Write these words down',
      h(
        'div',
        { class: 'card form' },
        h(
          'p',
          {},
          `These ${making.words.length} words are the key. They are shown now and never again; whoever has them can vote
          and pay as you. Write them on paper, in order.`,
        ),
        h(
          'ol',
          { class: 'words' },
          making.words.map((word) => h('li', {}, word)),
        ),
        buttons(button('I have written them down', act(keys.askForWords), { primary: true }), cancelButton(act)),
      ),
    ),

  confirm: (act) =>
    section(
      'Did you write them down?',
      form(
        'confirm',
        act((data) => keys.confirmWords((at) => data.get(`word${at}`))),
        h('p', {}, 'Look at your paper for these words:'),
        making.asked.map((at) => field(`Word ${at + 1}`, input(`word${at}`, { required: true, ...SECRET }))),
        buttons(submit('Go on', making.isBusy), button('Show the words again', act(keys.showWords))),
      ),
    ),

  keep: (act) =>
    section(
      'Where shall the key stay?',
      form(
        'keep',
        act(keep),
        h(
          'fieldset',
          {},
          h('legend', {}, 'Keep it'),
          option(
            { type: 'radio', name: 'keep', value: 'memory', checked: true },
            'only until this page is closed; nothing is stored',
          ),
          option({ type: 'radio', name: 'keep', value: 'browser' }, 'in this browser, encrypted under a password'),
        ),
        h(
          'div',
          { class: 'passwords' },
          field(
            'Password',
            input('password', { type: 'password', autocomplete: 'new-password' }),
            `at least ${MIN_PASSWORD} characters; nobody can recover it, but the words can import the key again`,
          ),
          field('The same again', input('again', { type: 'password', autocomplete: 'new-password' })),
        ),
        note(STORED),
        buttons(submit('Use this key', making.isBusy), cancelButton(act)),
      ),
    ),
};

function keep(data) {
  if (data.get('keep') === 'memory') return keys.keepKey(null);
  if (data.get('password') !== data.get('again')) throw new Error('The two passwords differ.');
  return keys.keepKey(data.get('password'));
}

const makeForm = (act) =>
  form(
    'make',
    act((data) => keys.makeWords(Number(data.get('count')))),
    h(
      'p',
      {},
      'A new key is a list of words that you keep on paper. Its account becomes a member’s when a registrar registers it.',
    ),
    field(
      'How many words',
      h(
        'select',
        { name: 'count' },
        [12, 24].map((count) => h('option', { value: count }, `${count} words`)),
      ),
    ),
    buttons(submit('Make a key', making.isBusy)),
  );

const importForm = (act) =>
  form(
    'import',
    act((data) => {
      const [account, coinType] = ['account', 'coin'].map((name) => Number(data.get(name)));
      return keys.importKey(data.get('secret'), { account, coinType });
    }),
    field(
      'Words, or private seed',
      textarea('secret', { rows: 3, required: true, ...SECRET }),
      '12 to 24 words with spaces between, or 64 hexadecimal digits',
    ),
    h(
      'details',
      {},
      h('summary', {}, 'Derivation'),
      field('Account', whole('account', 0), 'the third number of the path m/44′/coin′/account′/0′'),
      field('Coin type', whole('coin', keys.TEST_COIN_TYPE), 'that of the genesis document; 1 on test networks'),
    ),
    buttons(submit('Import', making.isBusy)),
  );
const whole = (name, value) =>
  input(name, { type: 'number', min: 0, max: MAX_INDEX, value: String(value), required: true });

const unlockForm = (act, stored) =>
  form(
    'unlock',
    act(async (data) => useSeed(await unseal(stored, data.get('unlock')))),
    h('p', {}, 'This browser holds the key of ', account(stored.address), '.'),
    field('Password', input('unlock', { type: 'password', required: true, autocomplete: 'current-password' })),
    buttons(submit('Unlock', making.isBusy), button('Forget this key', act(forgetStored))),
    note('Forgetting deletes it from this browser. Only its words bring it back.'),
  );

function opened({ address }, stored, known, act) {
  const name = chain.names.get(address);
  const balances = known?.balances ?? [];
  const isStored = stored?.address === address;
  const forget = act(async () => {
    lockKey();
    await forgetStored();
  });
  return section(
    'Your key is ready',
    h(
      'div',
      { class: 'card form' },
      facts(
        ['Account', name ? h('span', { class: 'name' }, visible(name)) : 'not a member yet'],
        ['Address', h('code', { class: 'whole' }, address)],
        ...balances.map((each) => [each.asset.toUpperCase(), money(each.amount, each.asset)]),
        ['Kept', isStored ? 'in this browser, encrypted under your password' : 'until this page is closed'],
      ),
      balances.length ? null : empty('It holds no coins. A vote costs a small fee.'),
      isStored ? note(STORED) : null,
      buttons(
        button(isStored ? 'Lock' : 'Drop this key', act(lockKey)),
        isStored ? button('Forget this key', forget) : null,
      ),
    ),
  );
}

// Against whom this browser proves that a vote counts.
function trusted(act) {
  const chainId = chain.status.chain_id;
  const known = remembered(localStorage, chainId);
  if (!known) return null;
  return section(
    'What this browser trusts',
    card(
      h(
        'p',
        {},
        `The validators of ${chainId} as it first saw them on ${moment(known.since)}. Their digest stands in every block;
        compare it with the genesis document’s.`,
      ),
      h('p', {}, h('code', { class: 'whole' }, known.digest)),
      buttons(
        button(
          'Forget them, and trust those that come next',
          act(() => forgetValidators(localStorage, chainId)),
        ),
      ),
    ),
  );
}
