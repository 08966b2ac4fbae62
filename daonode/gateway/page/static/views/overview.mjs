// The first view: what is decided here, what is owned, and that the chain moves.

import { get, list } from '../data/api.mjs';
import { chain } from '../data/chain.mjs';
import { barChart } from '../show/chart.mjs';
import { h } from '../show/dom.mjs';
import { amount, coin, count, integer, interval, whole } from '../show/format.mjs';
import { account, ago, card, choice, empty, heading, link, note, section } from '../show/parts.mjs';
import { proposalCard, proposalLine } from './proposals.mjs';

const OPEN_SHOWN = 6;
const OTHERS_SHOWN = 5;
const VOTES_SHOWN = 8;
const BLOCKS_SHOWN = 48;
const MAX_BEHIND = 5;
const OPEN = ['confirming', 'deciding'];

export const title = () => 'Overview';
export const follows = ({ kind }) => kind !== 'block';
export function onBlock(block, { blocks }) {
  if (block.height === blocks[0]?.height) return;
  blocks.unshift(block);
  blocks.splice(BLOCKS_SHOWN);
}

export async function load() {
  const [treasury, votes, newest, blocks, ...open] = await Promise.all([
    get('treasury'),
    get('votes', { limit: VOTES_SHOWN }),
    list('proposals', {}, OPEN_SHOWN + OTHERS_SHOWN),
    get('blocks', { limit: BLOCKS_SHOWN }),
    ...OPEN.map((status) => get('proposals', { status, limit: OPEN_SHOWN })),
  ]);
  const isOpen = ({ status }) => OPEN.includes(status);
  return {
    assets: treasury.assets,
    votes: votes.items,
    blocks: blocks.items,
    open: open.flatMap(({ items }) => items).sort((one, other) => other.number - one.number),
    others: newest.items.filter((each) => !isOpen(each)).slice(0, OTHERS_SHOWN),
  };
}

export function show({ assets, votes, blocks, open, others }) {
  return [
    h('div', { class: 'hero' }, heading(chain.status.chain_id.replace(/^daonode:/, '')), lead(assets, open)),
    h(
      'div',
      { class: 'columns' },
      h(
        'div',
        {},
        section(
          open.length ? 'Open for voting' : 'Nothing is open for voting',
          open.length
            ? h('div', { class: 'cards' }, open.map(proposalCard))
            : empty('When somebody submits a proposal, it appears here.'),
        ),
        others.length > 0 &&
          section(
            'Others',
            card(h('ul', { class: 'lines' }, others.map(proposalLine)), h('p', {}, link('proposals', 'All proposals'))),
          ),
      ),
      h(
        'div',
        {},
        section('Chain', pulse(blocks)),
        section('Treasury', holdings(assets)),
        section('Newest votes', newestVotes(votes)),
      ),
    ),
  ];
}

function lead(assets, open) {
  const owned = assets.filter(({ balance }) => balance !== '0');
  const main = owned.find((asset) => asset.native) ?? owned[0];
  const rest = owned.length - 1;
  return h(
    'p',
    { class: 'lead' },
    `${chain.members} decide here, together and in the open, on a chain of their own. `,
    main
      ? [
          `The treasury holds ${whole(main.balance, main.decimals)} ${coin(main.asset)}`,
          rest > 0 ? ` and ${count(rest, 'other asset')}. ` : '. ',
        ]
      : 'The treasury is empty. ',
    open.length
      ? `${count(open.length, 'proposal is', 'proposals are')} open for voting.`
      : 'No proposal is open for voting.',
  );
}

// The height, and the time between blocks as bars.
function pulse(blocks) {
  const { height, time, interval_ms: intervalMs, node_height: nodeHeight } = chain.status;
  const behind = (nodeHeight ?? height) - height;
  const intervals = blocks.map((each) => Number(each.interval_ms)).reverse();
  return card(
    h(
      'dl',
      { class: 'pulse' },
      h('div', {}, h('dt', {}, 'Height'), h('dd', { class: 'big' }, link(`blocks/${height}`, integer(height)))),
      h('div', {}, h('dt', {}, 'Last block'), h('dd', {}, ago(time))),
      h('div', {}, h('dt', {}, 'Interval'), h('dd', {}, interval(intervalMs))),
    ),
    behind > MAX_BEHIND ? note(`What is shown here is ${count(behind, 'block')} behind the chain.`) : null,
    intervals.length > 1 &&
      barChart(intervals, {
        label: `Time between the last ${intervals.length} blocks; the last took ${interval(intervalMs)}.`,
      }),
  );
}

function holdings(assets) {
  return card(
    h(
      'ul',
      { class: 'holdings' },
      assets.map((asset) =>
        h(
          'li',
          { 'data-key': asset.asset },
          h('span', { class: 'coin' }, coin(asset.asset)),
          h('b', {}, amount(asset.balance, asset.decimals)),
        ),
      ),
    ),
    h('p', {}, link('treasury', 'What it pays, and to whom')),
  );
}

function newestVotes(votes) {
  if (!votes.length) return card(empty('Nobody has voted yet.'));
  return card(
    h(
      'ul',
      { class: 'lines' },
      votes.map((vote) =>
        h(
          'li',
          { 'data-key': `${vote.proposal}${vote.voter}` },
          h(
            'span',
            {},
            account(vote.voter, { short: true }),
            ' ',
            choice(vote.choice),
            ' on ',
            link(`proposals/${vote.proposal_number}`, `#${vote.proposal_number}`),
          ),
          ago(vote.time),
        ),
      ),
    ),
  );
}
