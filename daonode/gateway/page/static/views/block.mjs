// One block, and what happened in it.

import { get, list } from '../data/api.mjs';
import { chain } from '../data/chain.mjs';
import { h } from '../show/dom.mjs';
import { integer, interval } from '../show/format.mjs';
import { account, ago, card, empty, facts, heading, link, row, section, table, transaction } from '../show/parts.mjs';
import { fields } from './proposal.mjs';

const MAX_EVENTS = 100;

export const title = ({ block }) => `Block ${block.height}`;
export const follows = () => false;

export async function load({ parts: [name] }) {
  const block = await get(`blocks/${encodeURIComponent(name)}`);
  const { height } = block;
  const [transactions, events] = await Promise.all([
    list('transactions', { height }, block.transactions),
    list('events', { height }, Math.min(block.events, MAX_EVENTS)),
  ]);
  // Lists are newest first; within a block, things are read in the order in which they happened.
  return { block, transactions: transactions.items.toReversed(), events: events.items.toReversed() };
}

export function show({ block, transactions, events }) {
  return [
    heading(`Block ${integer(block.height)}`),
    h(
      'p',
      { class: 'line' },
      block.height > 1 ? link(`blocks/${block.height - 1}`, '← the one before') : null,
      block.height < chain.status.height ? link(`blocks/${block.height + 1}`, 'the next one →') : null,
    ),
    card(
      facts(
        ['Made', ago(block.time), ` (${block.time})`],
        ['After', interval(block.interval_ms)],
        ['Round', String(block.round)],
        ['Proposer', account(block.proposer)],
        ['Id', h('code', { class: 'whole' }, block.id)],
        ['State root', h('code', { class: 'whole' }, block.state_root)],
      ),
    ),
    section(
      'Transactions',
      card(
        transactions.length
          ? table(
              'Transactions',
              ['Id', 'Sender', 'What', 'Outcome'],
              transactions.map((each) =>
                row(
                  each.tx_id,
                  transaction(each.tx_id),
                  account(each.sender),
                  each.messages.map(({ type }) => type).join(', '),
                  outcome(each),
                ),
              ),
            )
          : empty('None: time alone made this block.'),
      ),
    ),
    section('Events', card(events.length ? eventsOf(events) : empty('None.'))),
  ];
}

export const outcome = ({ code, error }) =>
  code === 0
    ? h('span', { class: 'badge good' }, 'succeeded')
    : [h('span', { class: 'badge bad' }, `failed (${code})`), error ? ` ${error}` : null];

export const eventsOf = (events) =>
  h(
    'ul',
    { class: 'plain events' },
    events.map(({ type, position, value }) =>
      h(
        'li',
        { 'data-key': position },
        h(
          'details',
          {},
          h('summary', {}, h('b', {}, type), ' ', h('span', { class: 'muted' }, position)),
          fields(value),
        ),
      ),
    ),
  );
