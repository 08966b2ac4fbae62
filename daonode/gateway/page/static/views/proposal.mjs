// One proposal: where it stands, what it does, what it says, who voted, and the place to vote.

import { get, list } from '../data/api.mjs';
import { chain, decimalsOf, powerOn } from '../data/chain.mjs';
import { now } from '../data/clock.mjs';
import { h } from '../show/dom.mjs';
import { amount, coin, powerText, visible } from '../show/format.mjs';
import {
  account,
  ago,
  badge,
  block,
  choice,
  empty,
  facts,
  hash,
  heading,
  link,
  moreButton,
  paragraphs,
  row,
  section,
  table,
  words,
} from '../show/parts.mjs';
import { tallyOf } from '../show/tally.mjs';
import { actionWords, isKnownAction, isOpen, statusWords } from '../show/words.mjs';
import { ballotBox } from './ballot.mjs';

export const isBeforeVote = (status) => ['deposit', 'prepare', 'queued', 'timed_out'].includes(status);

export const title = ({ proposal }) => `#${proposal.number} ${visible(proposal.title)}`;
export const follows = ({ kind, number }, { proposal }) => kind === 'any' || number === proposal.number;

export async function load({ parts: [number], wanted }) {
  const proposal = await get(`proposals/${encodeURIComponent(number)}`);
  return { proposal, votes: await list('votes', { proposal: proposal.id }, wanted) };
}

export function show({ proposal, votes }, { showMore, redraw }) {
  const { status, track } = proposal;
  const power = powerOn(track);
  return [
    h(
      'p',
      { class: 'line' },
      badge(status),
      h('span', { class: 'muted' }, `Proposal ${proposal.number} · ${proposal.track_name} track`),
    ),
    heading(visible(proposal.title)),
    h('p', { class: 'lead' }, stands(proposal)),
    h(
      'div',
      { class: 'columns aside' },
      h(
        'div',
        {},
        isBeforeVote(status) ? null : section('The vote', h('div', { class: 'card' }, tallyOf(proposal, power))),
        section('What it does', actions(proposal.actions)),
        section(
          'Why',
          h(
            'div',
            { class: 'card body' },
            proposal.body.trim() ? paragraphs(proposal.body) : empty('It comes without a text.'),
          ),
        ),
      ),
      h(
        'div',
        {},
        isOpen(status) && section('Your vote', ballotBox(proposal, power, redraw)),
        section('Timeline', timeline(proposal.timeline)),
        section('Facts', factsOf(proposal)),
      ),
      h('div', {}, isBeforeVote(status) ? null : section('Votes', votesOf(votes, power, showMore))),
    ),
  ];
}

// Its status as a sentence, which is read aloud when it changes, and the time left, which is not: it always changes.
function stands({ status, next_change: nextChange, failure }) {
  const { sentence, next } = statusWords(status);
  const failed = failure ? ` What failed: ${visible(failure)}.` : '';
  return [
    h('span', { role: 'status' }, sentence + failed),
    nextChange && next ? [` ${next} `, ago(nextChange), '.'] : null,
  ];
}

function actions(calls) {
  if (!calls.length)
    return h('div', { class: 'card' }, h('p', {}, 'Nothing by itself: it is a statement of the members.'));
  return h(
    'ol',
    { class: 'card actions' },
    calls.map((call) =>
      h(
        'li',
        {},
        h('p', { class: 'action' }, words(actionWords(call, decimalsOf))),
        h('details', { open: !isKnownAction(call) }, h('summary', {}, call.type), fields(call.value)),
      ),
    ),
  );
}

// A value in JSON form, as nested lists of names and values; addresses are whole.
export function fields(value) {
  if (value === null || typeof value !== 'object') {
    const text = visible(String(value ?? 'none'));
    return text.startsWith('dao1') ? link(`members/${text}`, h('code', { class: 'whole' }, text)) : text;
  }
  return h(
    'dl',
    { class: 'fields' },
    Object.entries(value).map(([name, inner]) =>
      h('div', {}, h('dt', {}, name.replaceAll('_', ' ')), h('dd', {}, fields(inner))),
    ),
  );
}

function votesOf({ items, more }, power, showMore) {
  if (!items.length) return h('div', { class: 'card' }, empty('Nobody has voted yet.'));
  return h(
    'div',
    { class: 'card' },
    table(
      'Votes',
      ['Who', 'Vote', 'Power', 'When'],
      items.map((vote) =>
        row(
          vote.voter,
          [account(vote.voter), vote.reason ? h('q', { class: 'reason' }, visible(vote.reason)) : null],
          choice(vote.choice),
          h('span', { class: 'money' }, powerText(vote.weight, power)),
          ago(vote.time),
        ),
      ),
    ),
    moreButton(more, showMore),
  );
}

const timeline = (moves) =>
  h(
    'ol',
    { class: 'card timeline' },
    moves.map(({ after, height, time }) =>
      h(
        'li',
        { class: statusWords(after).tone },
        h('b', {}, statusWords(after).label),
        ' ',
        h('span', { class: 'muted' }, ago(time), ' · block ', block(height)),
      ),
    ),
  );

const when = (coming, past, time) => time && [Date.parse(time) > now() ? coming : past, ago(time)];

function factsOf(proposal) {
  const native = chain.native ? ` ${coin(chain.native.asset)}` : '';
  const coins = (units) => `${amount(units, chain.native?.decimals ?? 0)}${native}`;
  return h(
    'div',
    { class: 'card' },
    facts(
      ['Proposer', account(proposal.proposer)],
      ['Submitted', ago(proposal.submitted_at)],
      when('Vote begins', 'Vote began', proposal.decision_starts),
      when('Vote ends', 'Vote ended', proposal.decision_ends),
      when('Timelock ends', 'Timelock ended', proposal.timelock_ends),
      proposal.status === 'execution_failed' && when('Tries end', 'Tries ended', proposal.grace_ends),
      proposal.ended_at && ['Ended', ago(proposal.ended_at)],
      ['Deposit', `${coins(proposal.deposit)} of ${coins(proposal.decision_deposit)}`],
      ['Power counted at', 'block ', block(proposal.snapshot_height)],
      ['Id', hash(proposal.id)],
    ),
  );
}
