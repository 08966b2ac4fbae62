// The place to vote: choose, read what will be signed, sign, and see the proof that it counts.

import { firstSeen } from '../chain/trust.mjs';
import { castVote, prepareVote, proveVote } from '../chain/voting.mjs';
import { hex } from '../chain/wallet.mjs';
import { RPC, post, rpc } from '../data/api.mjs';
import { chain } from '../data/chain.mjs';
import { now } from '../data/clock.mjs';
import { currentKey } from '../keys/session.mjs';
import { h } from '../show/dom.mjs';
import { amount, coin, duration, moment, percent, powerText, visible } from '../show/format.mjs';
import { account, block, facts, link, note, transaction, warning } from '../show/parts.mjs';
import { CHOICES } from '../show/words.mjs';

const MAX_REASON_BYTES = 1024;

// proposal id -> where its ballot is: `step` is `choose`, `review`, `sent` or `proven`
const ballots = new Map();
const fresh = () => ({ step: 'choose', isBusy: false, problem: '' });

export function ballotBox(proposal, power, redraw) {
  const key = currentKey();
  if (!key) {
    return h('div', { class: 'card ballot' }, h('p', {}, 'To vote, this page needs your key.'),
      h('p', { class: 'buttons' }, link('wallet', h('span', { class: 'button primary' }, 'Make or import a key'))));
  }
  if (!ballots.has(proposal.id)) ballots.set(proposal.id, fresh());
  const state = ballots.get(proposal.id);
  const act = (work) => async (event) => {
    event?.preventDefault();
    if (state.isBusy) return;
    Object.assign(state, { isBusy: true, problem: '' });
    redraw();
    try {
      await work(event);
    } catch (error) {
      state.problem = error.message;
    }
    state.isBusy = false;
    redraw();
  };
  return h('div', { class: 'card ballot', 'data-key': `ballot-${state.step}` },
    STEPS[state.step]({ proposal, power, key, state, act, redraw }),
    h('div', { role: 'status' }, state.isBusy ? note(BUSY[state.step]) : null),
    state.problem ? warning(state.problem) : null);
}

const BUSY = {
  choose: 'Asking a node what it would do and cost.',
  review: 'Signing and sending.',
  sent: 'Sent. Waiting for a block, and for its proof.',
  proven: '',
};

const STEPS = {
  choose: ({ proposal, key, state, act }) => h('form', { class: 'form', onsubmit: act((event) => prepare(event, { proposal, key, state })) },
    h('p', {}, 'You vote as ', account(key.address), '. A later vote replaces an earlier one.'),
    h('fieldset', { class: 'choices' }, h('legend', {}, 'Your vote'), Object.entries(CHOICES).map(([value, text]) => h('label', { class: value },
      h('input', { type: 'radio', name: 'choice', value, required: true }), h('span', {}, text)))),
    h('label', {}, h('span', {}, 'Reason, if you want to give one'), h('textarea', { name: 'reason', rows: 2, 'data-key': 'reason' }), h('small', {}, 'public for ever, as your vote is')),
    h('p', { class: 'buttons' }, h('button', { type: 'submit', class: 'primary', disabled: state.isBusy }, 'Review'))),

  review: ({ power, key, state, act, redraw, proposal }) => h('div', { class: 'review' },
    h('p', {}, h('b', {}, 'This is what you sign'), ', read back from its bytes:'),
    statement(state, power),
    h('details', {}, h('summary', {}, 'The bytes'), h('code', { class: 'whole' }, hex(state.prepared.bytes))),
    h('p', { class: 'buttons' },
      h('button', { type: 'button', class: 'primary', disabled: state.isBusy, onclick: act(() => cast({ proposal, key, state, redraw })) }, 'Sign and send'),
      h('button', { type: 'button', disabled: state.isBusy, onclick: act(async () => { state.step = 'choose'; }) }, 'Back'))),

  sent: ({ state, act, proposal, key }) => h('div', {},
    h('p', {}, h('b', {}, 'Sent.'), ' It is ', transaction(state.id), '.'),
    state.isBusy || !state.height ? null : h('p', { class: 'buttons' }, h('button', { type: 'button', class: 'primary', onclick: act(() => prove({ proposal, key, state })) }, 'Ask for the proof again'))),

  proven: ({ power, state, act }) => h('div', { class: 'receipt' }, receipt(state, power),
    h('p', { class: 'buttons' }, h('button', { type: 'button', onclick: act(async () => { Object.assign(state, fresh(), { height: null }); }) }, 'Vote again'))),
};

async function prepare(event, { proposal, key, state }) {
  const data = new FormData(event.target);
  const reason = data.get('reason').trim();
  if (new TextEncoder().encode(reason).length > MAX_REASON_BYTES) throw new Error(`A reason has at most ${MAX_REASON_BYTES} bytes.`);
  const prepared = await prepareVote(RPC, key, { chainId: chain.status.chain_id, proposal: proposal.id, choice: data.get('choice'), reason });
  const [{ value }] = prepared.body.messages;
  // What the chain itself says of the proposal that these bytes name.
  const [named, counted] = await Promise.all([rpc('dao_getProposal', { proposal: value.proposal }), votingPower(proposal, key)]);
  Object.assign(state, { prepared, named, counted, step: 'review' });
}

async function votingPower({ track, snapshot_height: height }, { address }) {
  const args = { account: address, track, height: Number(height) };
  const { result } = await rpc('dao_query', { module: 'governance', name: 'voting_power', args });
  return result.total;
}

function statement({ prepared: { body }, named, counted }, power) {
  const [{ value }] = body.messages;
  const native = chain.native;
  return facts(
    ['Vote', h('b', { class: `choice ${value.choice}` }, value.choice), ` on proposal ${named.number}, “${visible(named.title)}”`],
    ['Reason', value.reason ? visible(value.reason) : 'none'],
    ['Counts with', powerText(counted, power)],
    ['Signed by', h('code', { class: 'whole' }, body.sender)],
    ['On chain', body.chain_id],
    ['Costs at most', `${amount(body.max_fee, native?.decimals ?? 0)} ${coin(native?.asset ?? '')}`],
    ['Expires', `${moment(Number(body.expires_at_ms))}, in ${duration(Number(body.expires_at_ms) - now())}`],
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
  const chainId = chain.status.chain_id;
  const trusted = await firstSeen(localStorage, chainId, await rpc('dao_getValidators'), new Date(now()).toISOString());
  const proven = await proveVote(RPC, trusted, { id: state.id, proposal: proposal.id, voter: key.address });
  Object.assign(state, { trusted, proven, step: 'proven' });
}

function receipt({ id, trusted, proven }, power) {
  const { receipt: outcome, ballot, height, signers } = proven;
  const counted = ballot && ballot.own + ballot.received - ballot.overridden;
  return [
    ballot
      ? h('p', { class: 'verdict good' }, '✓ Your vote counts: ', h('b', {}, ballot.choice), ` with ${powerText(counted, power)}.`)
      : h('p', { class: 'verdict bad' }, `✗ It was executed and failed, with code ${outcome.code}. It does not count; its fee is paid.`),
    facts(
      ['Receipt', 'of ', transaction(id), ' stands under the root of block ', block(height)],
      ['Signed', `by ${signers} of ${trusted.validators.length} validators, ${percent(proven.power, proven.totalPower)} of the power`],
      ballot && ['Ballot', 'stands in the state after block ', block(ballot.height)],
      ['Fee', `${amount(outcome.fee, chain.native?.decimals ?? 0)} ${coin(chain.native?.asset ?? '')}`],
    ),
    h('details', {}, h('summary', {}, 'What was verified, and what is trusted'),
      h('p', {}, 'This browser checked every signature and every hash of these proofs by itself. It trusts the set of validators that it '
        + `first saw on ${moment(trusted.since)}, whose digest is below; compare it with the genesis document’s to trust that instead. `
        + 'It also trusts the page itself, which the gateway served.'),
      h('code', { class: 'whole' }, trusted.digest)),
  ];
}
