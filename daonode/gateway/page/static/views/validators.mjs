// Who makes the blocks.

import { get } from '../data/api.mjs';
import { h } from '../show/dom.mjs';
import { percent, shortAddress, visible } from '../show/format.mjs';
import { block, card, heading, row, table } from '../show/parts.mjs';

export const title = () => 'Validators';
export const follows = () => true;

export const load = () => get('validators');

export function show({ items }) {
  const total = items.reduce((sum, { power }) => sum + BigInt(power), 0n);
  return [
    heading('Validators'),
    h(
      'p',
      { class: 'lead' },
      'They propose blocks in turn and sign them together. A block is final once more than two thirds of their power signed it.',
    ),
    card(
      table(
        'Validators',
        ['Name', 'Power', 'Blocks proposed', 'Rounds missed', 'Last block'],
        items.map((each) =>
          row(
            each.id,
            [
              h('span', { class: 'name' }, visible(each.moniker) || 'unnamed'),
              ' ',
              h('code', { title: each.id }, shortAddress(each.id)),
            ],
            percent(each.power, total),
            String(each.proposed),
            String(each.missed),
            each.last_proposed_height ? block(each.last_proposed_height) : '–',
          ),
        ),
      ),
    ),
  ];
}
