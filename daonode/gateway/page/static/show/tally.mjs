// How a vote stands: who took part against the quorum, and the share of yes against the threshold.

import { now } from '../data/clock.mjs';
import { h } from './dom.mjs';
import { basisPoints, percent, portion, roughly } from './format.mjs';
import { CHOICES } from './words.mjs';

const ALL_BPS = 10_000n;

// A threshold in basis points after as much of the decision as has passed by now; a curve falls in a straight line.
export function thresholdNow(curve, starts, ends, nowMs) {
  const [from, to] = [curve.start, curve.end].map(Number);
  if (!starts || !ends || from === to) return from;
  const [begin, end] = [Date.parse(starts), Date.parse(ends)];
  const passed = Math.min(Math.max((nowMs - begin) / Math.max(end - begin, 1), 0), 1);
  return Math.ceil(from - (from - to) * passed);
}

// What can be said of a tally: each share with what it has to be. Everything is exact until it is shown.
export function standing({ tally, approval, support, decision_starts: starts, decision_ends: ends }, nowMs) {
  const [yes, no, abstain, quorum, electorate] = ['yes', 'no', 'abstain', 'quorum', 'electorate'].map((each) =>
    BigInt(tally[each]),
  );
  const turnout = yes + no + abstain;
  const needed = {
    approval: BigInt(thresholdNow(approval, starts, ends, nowMs)),
    support: BigInt(thresholdNow(support, starts, ends, nowMs)),
  };
  return {
    yes,
    no,
    abstain,
    turnout,
    quorum,
    electorate,
    isQuorumReached: electorate > 0n && turnout >= quorum,
    approvalNeeded: needed.approval,
    isApproved: yes > no && yes * ALL_BPS >= (yes + no) * needed.approval,
    supportNeeded: needed.support,
    isSupported: yes * ALL_BPS >= electorate * needed.support,
  };
}

// The sentence that says the same as the bars.
export function standingWords(state) {
  const { turnout, quorum, electorate, yes, no, approvalNeeded } = state;
  const quorumWords = state.isQuorumReached ? 'reached' : 'not reached';
  const approvalWords = yes + no === 0n ? 'Nobody said yes or no' : `${percent(yes, yes + no)} of yes and no is yes`;
  return (
    `${percent(turnout, electorate)} of all power took part; the quorum of ${percent(quorum, electorate)} is ${quorumWords}. ` +
    `${approvalWords}; ${basisPoints(approvalNeeded)} is needed, and more yes than no.`
  );
}

// The whole picture. `power` is `{decimals, unit}`; `short` leaves the counts out, for lists.
export function tallyOf(proposal, power, { short = false } = {}) {
  const state = standing(proposal, now());
  const { yes, no, abstain, turnout, quorum, electorate } = state;
  const gauges = [
    gauge({
      name: 'Turnout',
      value: percent(turnout, electorate),
      isMet: state.isQuorumReached,
      wanted: `quorum ${percent(quorum, electorate)}`,
      mark: portion(quorum, electorate),
      parts: [
        ['yes', portion(yes, electorate)],
        ['no', portion(no, electorate)],
        ['abstain', portion(abstain, electorate)],
      ],
    }),
    gauge({
      name: 'Approval',
      value: percent(yes, yes + no),
      isMet: state.isApproved,
      wanted: `needs ${basisPoints(state.approvalNeeded)}`,
      mark: portion(state.approvalNeeded, ALL_BPS),
      parts: [
        ['yes', portion(yes, yes + no)],
        ['no', portion(no, yes + no)],
      ],
    }),
    state.supportNeeded > 0n &&
      gauge({
        name: 'Support',
        value: percent(yes, electorate),
        isMet: state.isSupported,
        wanted: `needs ${basisPoints(state.supportNeeded)}`,
        mark: portion(state.supportNeeded, ALL_BPS),
        parts: [['yes', portion(yes, electorate)]],
      }),
  ];
  const counts = ['yes', 'no', 'abstain'].map((name) =>
    h(
      'li',
      { class: name },
      h('span', { class: 'label' }, CHOICES[name]),
      h('b', {}, roughly(state[name], power.decimals)),
      h('span', { class: 'share' }, `${power.unit}, ${percent(state[name], turnout)}`),
    ),
  );
  return h(
    'div',
    { class: 'tally' },
    short ? null : h('ul', { class: 'counts' }, counts),
    h('div', { class: 'gauges', 'aria-hidden': 'true' }, gauges),
    h('p', { class: short ? 'hidden' : 'note', role: short ? null : 'status' }, standingWords(state)),
  );
}

function gauge({ name, value, isMet, wanted, mark, parts }) {
  return h(
    'div',
    { class: 'gauge' },
    h(
      'div',
      { class: 'scale' },
      h('span', {}, name, ' ', h('b', {}, value)),
      h('span', { class: isMet ? 'met' : 'unmet' }, `${isMet ? '✓' : '○'} ${wanted}`),
    ),
    h(
      'div',
      { class: 'bar' },
      h(
        'div',
        { class: 'fill' },
        parts.map(([kind, width]) => h('i', { class: kind, style: { width: `${width}%` } })),
      ),
      h('i', { class: 'mark', style: { left: `${mark}%` } }),
    ),
  );
}
