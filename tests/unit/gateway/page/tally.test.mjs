import assert from 'node:assert/strict';
import test from 'node:test';
import { standing, standingWords, thresholdNow } from '../../../../daonode/gateway/page/static/show/tally.mjs';

const constant = (points) => ({ kind: 'constant', start: points, end: points });
const STARTS = '2026-01-01T00:00:00Z';
const ENDS = '2026-01-02T00:00:00Z';
const at = (share) => Date.parse(STARTS) + share * 86_400_000;
const proposal = (yes, no, abstain, changes = {}) => ({
  tally: {
    yes,
    no,
    abstain,
    turnout: String(BigInt(yes) + BigInt(no) + BigInt(abstain)),
    quorum: '2',
    electorate: '10',
  },
  approval: constant(5_000),
  support: constant(0),
  decision_starts: STARTS,
  decision_ends: ENDS,
  ...changes,
});

test('a threshold falls in a straight line and is never shown below what it is', () => {
  const curve = { kind: 'linear', start: 9_000, end: 5_000 };
  assert.equal(thresholdNow(curve, STARTS, ENDS, at(-1)), 9_000);
  assert.equal(thresholdNow(curve, STARTS, ENDS, at(0.5)), 7_000);
  assert.equal(thresholdNow(curve, STARTS, ENDS, at(2)), 5_000);
  assert.equal(thresholdNow({ kind: 'linear', start: 10_000, end: 0 }, STARTS, ENDS, at(1 / 3)), 6_667);
  assert.equal(thresholdNow(curve, null, null, at(0)), 9_000);
});

test('a tie does not pass, and the quorum counts abstentions', () => {
  const tie = standing(proposal('1', '1', '0'), at(0));
  assert.deepEqual([tie.isQuorumReached, tie.isApproved], [true, false]);
  const quorate = standing(proposal('1', '0', '1'), at(0));
  assert.deepEqual([quorate.isQuorumReached, quorate.isApproved, quorate.isSupported], [true, true, true]);
  assert.equal(standing(proposal('1', '0', '0'), at(0)).isQuorumReached, false);
  const supported = (points) => standing(proposal('3', '0', '0', { support: constant(points) }), at(0)).isSupported;
  assert.deepEqual([supported(3_000), supported(3_001)], [true, false]);
});

test('the words say what the bars show', () => {
  assert.equal(
    standingWords(standing(proposal('3', '1', '0'), at(0))),
    '40% of all power took part; the quorum of 20% is reached. 75% of yes and no is yes; 50% is needed, and more yes than no.',
  );
  assert.match(standingWords(standing(proposal('0', '0', '1'), at(0))), /not reached\. Nobody said yes or no;/);
});
