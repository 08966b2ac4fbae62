// The blocks, newest first.

import { list } from '../data/api.mjs';
import { integer, interval } from '../show/format.mjs';
import { account, ago, card, hash, heading, link, moreButton, row, table } from '../show/parts.mjs';

export const title = () => 'Blocks';
export const follows = () => true;

export const load = ({ wanted }) => list('blocks', {}, wanted);

export const show = ({ items, more }, { showMore }) => [
  heading('Blocks'),
  card(
    table(
      'Blocks',
      ['Height', 'Id', 'Transactions', 'Interval', 'Proposer', 'When'],
      items.map((each) =>
        row(
          String(each.height),
          link(`blocks/${each.height}`, integer(each.height)),
          hash(each.id),
          String(each.transactions),
          interval(each.interval_ms),
          account(each.proposer),
          ago(each.time),
        ),
      ),
    ),
  ),
  moreButton(more, showMore),
];
