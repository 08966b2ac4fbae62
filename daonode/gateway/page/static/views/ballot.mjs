// The place to vote: choose, read what will be signed, sign, and see the proof that it counts.

import { firstSeen } from '../chain/trust.mjs';
import { castVote, prepareVote, proveVote } from '../chain/voting.mjs';
import { hex } from '../chain/wallet.mjs';
import { RPC, post, rpc } from '../data/api.mjs';
import { chain } from '../data/chain.mjs';
import { now } from '../data/clock.mjs';
import { currentKey } from '../keys/session.mjs';
import { h } from '../show/dom.mjs';
import { button, buttons, doing, field, option, step, submit, textarea } from '../show/forms.mjs';
import { amount, coin, duration, exactPower, moment, percent, visible } from '../show/format.mjs';
import { account, block, facts, link, note, transaction, warning } from '../show/parts.mjs';
import { CHOICES } from '../show/words.mjs';

const MAX_REASON_BYTES = 1024;

// Proposal and account -> where that ballot is: `step` is `choose`, `review`, `sent` or `proven`.
const ballots = new Map();
const fresh = () => ({ step: 'choose', isBusy: false, problem: '', prepared: null, height: null });
const BUSY = {
  choose: 'Asking a node what it would do and cost.',
  review: 'Signing and sending.',
  sent: 'Waiting for a block, and for its proof.',
  proven: '',
};

export function ballotBox(proposal, power, redraw) {
  const key = currentKey();
  if (!key) {
    return h(
      'div',
      { class: 'card ballot' },
      h('p', {}, 'To vote, this page needs your key.'),
      buttons(link('wallet', h('span', { class: 'button primary' }, 'Make or import a key'))),
    );
  }
  const place = `${proposal.id}${key.address}`;
  if (!ballots.has(place)) ballots.set(place, fresh());
  const state = ballots.get(place);
  const act = doing(state, redraw);
  return step(
    `ballot-${state.step}`,
    { class: 'card ballot', role: 'group', 'aria-label': 'Your vote' },
    STEPS[state.step]({ proposal, power, key, state, act, redraw }),
    h('div', { role: 'status' }, state.isBusy ? note(BUSY[state.step]) : null),
    state.problem ? warning(state.problem) : null,
  );
}

const STEPS = {
  choose: ({ proposal, key, state, act }) =>
    h(
      'form',
      { class: 'form', onsubmit: act((data) => prepare(data, { proposal, key, state })) },
      h('p', {}, 'You vote as ', account(key.address), '. A later vote replaces an earlier one.'),
      h(
        'fieldset',
        { class: 'choices' },
        h('legend', {}, 'Your vote'),
        Object.entries(CHOICES).map(([value, text]) =>
          option({ type: 'radio', name: 'choice', value, required: true }, text, {}),
        ),
      ),
      field('Reason, if you want to give one', textarea('reason', { rows: 2 }), 'public for ever, as your vote is'),
      buttons(submit('Review', state.isBusy)),
    ),

  review: ({ proposal, power, key, state, act, redraw }) =>
    h(
      'div',
      { class: 'review' },
      h('p', {}, h('b', {}, 'This is what you sign'), ', read back from its bytes:'),
      statement(state, power),
      h('details', {}, h('summary', {}, 'The bytes'), h('code', { class: 'whole' }, hex(state.prepared.bytes))),
      buttons(
        button(
          'Sign and send',
          act(() => cast({ proposal, key, state, redraw })),
          { primary: true, disabled: state.isBusy },
        ),
        button(
          'Back',
          act(() => Object.assign(state, { step: 'choose' })),
          { disabled: state.isBusy },
        ),
      ),
    ),

  sent: ({ proposal, key, state, act }) =>
    h(
      'div',
      {},
      h('p', {}, h('b', {}, 'Sent: '), transaction(state.id), '.'),
      state.height && !state.isBusy
        ? buttons(
            button(
              'Ask for the proof again',
              act(() => prove({ proposal, key, state })),
              { primary: true },
            ),
          )
        : null,
    ),

  proven: ({ power, state, act }) =>
    h(
      'div',
      { class: 'receipt' },
      receipt(state, power),
      buttons(
        button(
          'Vote again',
          act(() => Object.assign(state, fresh())),
        ),
      ),
    ),
};

async function prepare(data, { proposal, key, state }) {
  const reason = data.get('reason').trim();
  if (new TextEncoder().encode(reason).length > MAX_REASON_BYTES) {
    throw new Error(`A reason has at most ${MAX_REASON_BYTES} bytes.`);
  }
  const asked = { chainId: chain.status.chain_id, proposal: proposal.id, choice: data.get('choice'), reason };
  const prepared = await prepareVote(RPC, key, asked);
  const [{ value }] = prepared.body.messages;
  // What the chain itself says of the proposal that these bytes name.
  const [named, counted] = await Promise.all([
    rpc('dao_getProposal', { proposal: value.proposal }),
    votingPower(proposal, key),
  ]);
  Object.assign(state, { prepared, named, counted, step: 'review' });
}

async function votingPower({ track, snapshot_height: height }, { address }) {
  const args = { account: address, track, height: String(height) };
  const { result } = await rpc('dao_query', { module: 'governance', name: 'voting_power', args });
  return result.total;
}

const inCoins = (units) => `${amount(units, chain.native?.decimals ?? 0)} ${coin(chain.native?.asset ?? '')}`;

function statement({ prepared: { body }, named, counted }, power) {
  const [{ value }] = body.messages;
  const expires = Number(body.expires_at_ms);
  return facts(
    [
      'Vote',
      h('b', { class: `choice ${value.choice}` }, value.choice),
      ` on proposal ${named.number}, “${visible(named.title)}”`,
    ],
    ['Reason', value.reason ? visible(value.reason) : 'none'],
    ['Counts with', exactPower(counted, power)],
    ['Signed by', h('code', { class: 'whole' }, body.sender)],
    ['On chain', body.chain_id],
    ['Costs at most', inCoins(body.max_fee)],
    ['Expires', `${moment(expires)}, in ${duration(expires - now())}`],
    ['Who can see it', 'everybody, for ever'],
  );
}

async function cast({ proposal, key, state, redraw }) {
  const { height } = await castVote(RPC, post, key, state.prepared, (id) => {
    Object.assign(state, { id, step: 'sent' });
    redraw();
  });
  state.height = height;
  await prove({ proposal, key, state });
}

async function prove({ proposal, key, state }) {
  const answer = await rpc('dao_getValidators');
  const trusted = await firstSeen(localStorage, chain.status.chain_id, answer, new Date(now()).toISOString());
  const proven = await proveVote(RPC, trusted, { id: state.id, proposal: proposal.id, voter: key.address });
  Object.assign(state, { trusted, proven, step: 'proven' });
}

function receipt({ id, trusted, proven }, power) {
  const { receipt: outcome, ballot, height, signers } = proven;
  return [
    verdict(outcome, ballot, power),
    facts(
      ['Receipt', 'of ', transaction(id), ' stands under the root of block ', block(height)],
      [
        'Signed',
        `by ${signers} of ${trusted.validators.length} validators, ${percent(proven.power, proven.totalPower)} of the power`,
      ],
      ballot && ['Ballot', 'stands in the state after block ', block(ballot.height)],
      ['Fee', inCoins(outcome.fee)],
    ),
    h(
      'details',
      {},
      h('summary', {}, 'What was verified, and what is trusted'),
      h(
        'p',
        { class: 'note' },
        `This browser checked every signature and every hash of these proofs by itself. It trusts the set of validators
        that it first saw on ${moment(trusted.since)}, whose digest is below: compare it with the genesis document’s to
        trust that instead. It also trusts the page itself, which the gateway served.`,
      ),
      h('code', { class: 'whole' }, trusted.digest),
    ),
  ];
}

function verdict(outcome, ballot, power) {
  if (!ballot) {
    const text = `✗ It was executed and failed, with code ${outcome.code}. It does not count; its fee is paid.`;
    return h('p', { class: 'verdict bad' }, text);
  }
  const counted = ballot.own + ballot.received - ballot.overridden;
  return h(
    'p',
    { class: 'verdict good' },
    '✓ Your vote counts: ',
    h('b', {}, ballot.choice),
    ` with ${exactPower(counted, power)}.`,
  );
}
