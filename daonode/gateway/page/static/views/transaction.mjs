// One transaction: what was asked for, and what became of it.

import { get } from '../data/api.mjs';
import { chain, decimalsOf } from '../data/chain.mjs';
import { h } from '../show/dom.mjs';
import { integer, visible } from '../show/format.mjs';
import { account, ago, block, card, empty, facts, heading, money, section, words } from '../show/parts.mjs';
import { actionWords } from '../show/words.mjs';
import { eventsOf, outcome } from './block.mjs';
import { fields } from './proposal.mjs';

export const title = () => 'Transaction';
export const follows = () => false;

export const load = async ({ parts: [id] }) => ({ transaction: await get(`transactions/${encodeURIComponent(id)}`) });

export function show({ transaction }) {
  const { messages, events = [] } = transaction;
  return [
    heading('Transaction'),
    h('p', { class: 'address' }, h('code', {}, transaction.tx_id)),
    card(
      facts(
        ['Outcome', outcome(transaction)],
        ['Sender', account(transaction.sender)],
        ['Block', block(transaction.height)],
        ['When', ago(transaction.time)],
        ['Fee', money(transaction.fee, chain.native?.asset ?? '')],
        ['Gas used', integer(transaction.gas_used)],
        transaction.memo && ['Memo', visible(transaction.memo)],
      ),
    ),
    section(
      'What was asked for',
      h(
        'ol',
        { class: 'card actions' },
        messages.map((message) =>
          h(
            'li',
            {},
            h('p', { class: 'action' }, words(actionWords(message, decimalsOf))),
            h('details', {}, h('summary', {}, message.type), fields(message.value)),
          ),
        ),
      ),
    ),
    section('What happened', card(events.length ? eventsOf(events) : empty('Nothing but its fee.'))),
  ];
}
