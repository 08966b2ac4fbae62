import assert from 'node:assert/strict';
import test from 'node:test';
import {
  STATUS_NAMES,
  actionWords,
  isKnownAction,
  isOpen,
  plain,
  statusWords,
} from '../../../../daonode/gateway/page/static/show/words.mjs';

const decimals = (asset) => ({ dao: 6, eur: 2 })[asset] ?? 0;
const says = (type, value) => plain(actionWords({ type, value }, decimals));
const zoe = 'dao1th3nqlesjepv4kkzzrzgdyfzktp29l2mzsynd7yp3ty3rmhy0axqdqxl2g';

test('an action says what it does and to whom', () => {
  const spend = { asset: 'dao', amount: '50000000', beneficiary: zoe, valid_from: null, expire_at: null };
  assert.equal(says('treasury.ApproveSpend', spend), `Pay 50 DAO to ${zoe} from the treasury.`);
  assert.match(
    says('treasury.ApproveSpend', { ...spend, valid_from: '2027-01-02T03:04:05Z' }),
    /from the treasury, from 2 Jan 2027.* on\.$/,
  );
  assert.equal(
    says('accounts.Mint', { asset: 'eur', amount: '150', destination: zoe }),
    `Make 1.5 EUR anew and give it to ${zoe}.`,
  );
  assert.equal(
    says('treasury.SetOutflowLimit', { asset: 'dao', window: '7d', limit: '500000000000' }),
    'Let at most 500,000 DAO leave the treasury in any 7 days.',
  );
  assert.equal(
    says('identity.RegisterMember', { account: zoe, name: 'Z\u202eoe', role: 'steward' }),
    `Make ${zoe} a member, named “Z[U+202E]oe” with the role steward.`,
  );
  assert.deepEqual(actionWords({ type: 'identity.RemoveMember', value: { account: zoe } }, decimals)[1], {
    address: zoe,
  });
});

test('an action of a module that nobody knows is shown, not explained', () => {
  const action = { type: 'contracts.Call', value: { x: '1' } };
  assert.equal(isKnownAction(action), false);
  assert.equal(plain(actionWords(action, decimals)), 'Run contracts.Call with what is shown below.');
});

test('every status has words', () => {
  for (const status of STATUS_NAMES) {
    const { label, sentence, tone } = statusWords(status);
    assert.ok(label && sentence.endsWith('.') && ['open', 'good', 'bad', 'quiet'].includes(tone), status);
  }
  assert.deepEqual(STATUS_NAMES.filter(isOpen), ['deciding', 'confirming']);
  assert.equal(statusWords('paused').label, 'paused');
});
