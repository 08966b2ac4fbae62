// What the DAO owns, what it has promised, and how fast it may pay.

import { get } from '../data/api.mjs';
import { now } from '../data/clock.mjs';
import { stepChart } from '../show/chart.mjs';
import { h } from '../show/dom.mjs';
import { amount, coin, day, moment, period } from '../show/format.mjs';
import { account, ago, card, empty, facts, heading, link, money, row, section, table } from '../show/parts.mjs';

const SPEND_TONES = {
  paid: 'good',
  approved: 'open',
  deferred: 'open',
  failed: 'bad',
  expired: 'bad',
  voided: 'quiet',
};

export const title = () => 'Treasury';
export const follows = ({ kind }) => kind !== 'block' && kind !== 'voteCast';

export async function load() {
  const treasury = await get('treasury');
  return { treasury, history: await Promise.all(treasury.assets.map(({ asset }) => balances(asset))) };
}

// What the treasury held of an asset, by day, or by hour where the chain is younger than that says much.
async function balances(asset) {
  for (const bucket of ['1d', '1h']) {
    const { items } = await get('metrics', { series: 'treasury', label: asset, bucket });
    const known = items.filter(({ value }) => value !== null);
    if (known.length > 2 || bucket === '1h') return known;
  }
  return [];
}

export function show({ treasury, history }) {
  const spends = treasury.spends.items;
  return [
    heading('Treasury'),
    h(
      'p',
      { class: 'lead' },
      'The funds of the DAO. They leave it by what proposals approved, and no faster than its limits allow.',
    ),
    h(
      'div',
      { class: 'cards assets' },
      treasury.assets.map((asset, at) => assetCard(asset, history[at])),
    ),
    section('Spends', spends.length ? card(spendsTable(spends)) : card(empty('Nothing was approved yet.'))),
    section(
      'Limits',
      treasury.limits.length
        ? card(facts(...treasury.limits.map(limitOf)))
        : card(empty('No asset has a limit: what is approved is paid at once.')),
    ),
  ];
}

function assetCard({ asset, balance, decimals }, points) {
  return h(
    'article',
    { class: 'card', 'data-key': asset },
    h('h2', { class: 'coin' }, coin(asset)),
    h('p', { class: 'big' }, amount(balance, decimals)),
    chart(asset, decimals, points),
  );
}

function chart(asset, decimals, items) {
  if (!items.length) return null;
  const points = items
    .map(({ time, value }) => ({ time: Date.parse(time), value: BigInt(value) }))
    .sort((one, other) => one.time - other.time);
  const [first, last] = [points[0], points.at(-1)];
  const inWords = ({ time, value }) => `${amount(value, decimals)} ${coin(asset)} on ${day(time)}`;
  return [
    stepChart(points, { label: `Balance over time: from ${inWords(first)} to ${inWords(last)}.`, until: now() }),
    h('p', { class: 'axis' }, h('span', {}, day(first.time)), h('span', {}, 'today')),
    h(
      'details',
      {},
      h('summary', {}, 'As a table'),
      table(
        `Balance of ${coin(asset)}`,
        ['From', 'Balance'],
        points.map(({ time, value }) => row(String(time), moment(time), amount(value, decimals))),
      ),
    ),
  ];
}

const spendsTable = (spends) =>
  table(
    'Spends',
    ['To', 'Amount', 'State', 'Approved', 'Proposal'],
    spends.map((spend) =>
      row(
        spend.id,
        account(spend.beneficiary),
        money(spend.amount, spend.asset),
        [
          h('span', { class: `badge ${SPEND_TONES[spend.status] ?? 'quiet'}` }, spend.status),
          spend.failure ? ` ${spend.failure}` : null,
        ],
        ago(spend.approved_at),
        link(`proposals/${spend.proposal}`, 'proposal'),
      ),
    ),
  );

const limitOf = ({ asset, amount: most, window }) => [
  coin(asset),
  'at most ',
  money(most, asset),
  ` in any ${period(window)}`,
];
