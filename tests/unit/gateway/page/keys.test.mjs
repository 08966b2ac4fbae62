import assert from 'node:assert/strict';
import test from 'node:test';
import { firstSeen, forgetValidators } from '../../../../daonode/gateway/page/static/chain/trust.mjs';
import { hex, keyFromSeed, seedFromWords, unhex } from '../../../../daonode/gateway/page/static/chain/wallet.mjs';
import { seal, unseal } from '../../../../daonode/gateway/page/static/keys/keystore.mjs';
import { seedOf, wordsOf } from '../../../../daonode/gateway/page/static/keys/words.mjs';
import { WORD_LIST } from './given.mjs';

const SEED = new Uint8Array(32).fill(7);
const PASSWORD = 'correct horse battery';

test('a key at rest opens with its password and in its place alone', async () => {
  const { address } = await keyFromSeed(SEED);
  const record = await seal(SEED, address, PASSWORD);
  assert.deepEqual(Object.keys(record), ['version', 'address', 'iterations', 'salt', 'nonce', 'sealed']);
  assert.ok(!JSON.stringify(record).includes(hex(SEED).slice(2)), 'the seed is not in it');
  assert.deepEqual(await unseal(record, PASSWORD), SEED);
  await assert.rejects(unseal(record, `${PASSWORD}!`), /not the password/);
  await assert.rejects(unseal({ ...record, address: `${address.slice(0, -1)}q` }, PASSWORD), /not the password/);
  await assert.rejects(unseal({ ...record, iterations: 1 }, PASSWORD), /another version/);
  await assert.rejects(seal(SEED, address, 'short'), /at least 10 characters/);
  assert.notEqual((await seal(SEED, address, PASSWORD)).sealed, record.sealed);
});

test('new words are those of their entropy, checksum and all', async () => {
  // Of the vectors that BIP-39 names.
  const known = [
    ['0x00000000000000000000000000000000', `${'abandon '.repeat(11)}about`],
    [
      '0x7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f',
      'legal winner thank year wave sausage worth useful legal winner thank yellow',
    ],
    [
      `0x${'80'.repeat(32)}`,
      `${'letter advice cage absurd amount doctor acoustic avoid '.repeat(2)}letter advice cage absurd amount doctor acoustic bless`,
    ],
  ];
  for (const [entropy, words] of known) {
    assert.equal((await wordsOf(unhex(entropy), WORD_LIST)).join(' '), words);
    await seedFromWords(words, WORD_LIST);
  }
});

test('a private seed is taken as it is, other text as words', async () => {
  assert.deepEqual(await seedOf(` ${hex(SEED).toUpperCase().replace('0X', '')}\n`, {}), SEED);
});

const memory = () => {
  const kept = new Map();
  return {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, text) => kept.set(name, text),
    removeItem: (name) => kept.delete(name),
  };
};
const validators = (...seeds) =>
  Promise.all(
    seeds.map(async (seed) => {
      const { publicKey } = await keyFromSeed(new Uint8Array(32).fill(seed));
      return { public_key: hex(publicKey), power: '1' };
    }),
  );

test('the validators that were seen first are the ones that are trusted', async () => {
  const storage = memory();
  const first = { validators: await validators(1, 2, 3, 4) };
  const seen = await firstSeen(storage, 'daonode:a', first, '2026-01-01T00:00:00Z');
  assert.deepEqual([seen.since, seen.totalPower], ['2026-01-01T00:00:00Z', 4n]);
  const again = await firstSeen(storage, 'daonode:a', first, '2026-02-01T00:00:00Z');
  assert.deepEqual([again.since, again.digest], ['2026-01-01T00:00:00Z', seen.digest]);
  const others = { validators: await validators(1, 2, 3, 5) };
  await assert.rejects(firstSeen(storage, 'daonode:a', others, '2026-02-01T00:00:00Z'), /saw on 2026-01-01/);
  await firstSeen(storage, 'daonode:b', others, '2026-02-01T00:00:00Z');
  forgetValidators(storage, 'daonode:a');
  assert.equal((await firstSeen(storage, 'daonode:a', others, '2026-03-01T00:00:00Z')).since, '2026-03-01T00:00:00Z');
});
