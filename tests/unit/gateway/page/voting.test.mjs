import assert from 'node:assert/strict';
import test from 'node:test';
import { trustedChain } from '../../../../daonode/gateway/page/static/chain/proof.mjs';
import { readBody } from '../../../../daonode/gateway/page/static/chain/reading.mjs';
import { castVote, prepareVote, proveVote } from '../../../../daonode/gateway/page/static/chain/voting.mjs';
import {
  accountSeed,
  hex,
  keyFromSeed,
  seedFromWords,
  unhex,
} from '../../../../daonode/gateway/page/static/chain/wallet.mjs';
import { VECTORS } from './given.mjs';

const vote = VECTORS.transactions.find(({ name }) => name === 'vote yes');
const { proposal } = vote.body.messages[0].value;
const chain = await trustedChain(VECTORS.genesis);
const signer = await (async () => {
  const known = VECTORS.keys.find(({ address }) => address === vote.body.sender);
  const [, coinType, account] = known.path.match(/\d+/g).map(Number);
  return keyFromSeed(await accountSeed(await seedFromWords(known.mnemonic), { coinType, account }));
})();

// A node of the chain that the vectors are from; `changes` are what it answers instead, by method.
function node(changes = {}) {
  const calls = [];
  const byHeight = new Map(VECTORS.certificates.map(({ answer }) => [answer.height, answer]));
  const answers = {
    dao_status: () => ({
      chain_id: vote.body.chain_id,
      clock: new Date(Number(vote.body.expires_at_ms) - 600_000).toISOString(),
    }),
    dao_getAccount: () => ({ next_sequences: { 0: vote.body.sequence } }),
    dao_estimateFee: () => ({ gas_price: '1', gas_unit: '1000' }),
    dao_simulate: () => ({ code: 0, gas_used: '6000', error: '' }),
    dao_getTransaction: () => ({ status: 'committed', height: 3 }),
    dao_getReceipt: ({ tx_id: id }) => VECTORS.receipts.find(({ answer }) => answer.tx_id === id).answer,
    dao_getCertificate: ({ height }) => byHeight.get(height),
    dao_getProof: ({ key }) => VECTORS.state.find(({ answer }) => answer.key === key).answer,
    ...changes,
  };
  globalThis.fetch = async (_, { body }) => {
    const { method, params } = JSON.parse(body);
    calls.push(method);
    const result = structuredClone(answers[method](params));
    return { ok: true, json: async () => (result.error_of_rpc ? { error: result.error_of_rpc } : { result }) };
  };
  return calls;
}
const voter = vote.body.sender;
const prove = () => proveVote('node', chain, { id: vote.tx_id, proposal, voter });

test('what is shown is read from the bytes that are signed', async () => {
  node();
  const { bytes, body } = await prepareVote('node', signer, {
    chainId: vote.body.chain_id,
    proposal,
    choice: 'no',
    reason: 'Not now.',
  });
  assert.deepEqual(body.messages, [{ type: 'governance.Vote', value: { proposal, choice: 'no', reason: 'Not now.' } }]);
  assert.deepEqual([body.sender, body.chain_id, body.max_fee], [voter, vote.body.chain_id, '36']);
  assert.deepEqual(readBody(bytes), body);
});

test('what would fail is not prepared, and says why', async () => {
  node({ dao_simulate: () => ({ code: 3007, gas_used: '1', error: 'proposal 1 is not being decided' }) });
  const asked = { chainId: vote.body.chain_id, proposal, choice: 'yes', reason: '' };
  await assert.rejects(prepareVote('node', signer, asked), /would fail: proposal 1 is not being decided/);
  node();
  await assert.rejects(prepareVote('node', signer, { ...asked, chainId: 'daonode:other' }), /expected daonode:other/);
});

test('a signed vote is handed in once and waited for', async () => {
  let asked = 0;
  const pending = [{ error_of_rpc: { code: -32001, message: 'not found' } }, { status: 'pending' }];
  const calls = node({ dao_getTransaction: () => pending[asked++] ?? { status: 'committed', height: 9 } });
  const posted = [];
  const told = [];
  const prepared = { bytes: unhex(vote.body_bytes), body: vote.body };
  const done = await castVote(
    'node',
    async (raw) => posted.push(raw),
    signer,
    prepared,
    (id) => told.push(id),
  );
  assert.deepEqual(done, { id: vote.tx_id, height: 9 });
  assert.deepEqual([posted, told], [[vote.transaction], [vote.tx_id]]);
  assert.deepEqual(calls, Array(3).fill('dao_getTransaction'));
});

test('what a node refuses is said, and not taken for a vote', async () => {
  node({ dao_getTransaction: () => ({ error_of_rpc: { code: -32602, message: 'no such id' } }) });
  const prepared = { bytes: unhex(vote.body_bytes), body: vote.body };
  await assert.rejects(
    castVote('node', async () => {}, signer, prepared),
    /no such id/,
  );
  const refuse = async () => {
    throw new Error('lane 0 is at sequence 1');
  };
  await assert.rejects(castVote('node', refuse, signer, prepared), /lane 0 is at sequence 1/);
});

test('a receipt and a ballot are proven by the validators', async () => {
  node();
  const { receipt, ballot, signers, power, totalPower, height } = await prove();
  assert.deepEqual([receipt.code, ballot.choice, height], [0, 'yes', 3]);
  assert.ok(3n * power > 2n * totalPower && signers >= 3);
});

const changed = (answer, change) => {
  const copy = structuredClone(answer);
  change(copy);
  return copy;
};
const flip = (text) => text.slice(0, -1) + (text.endsWith('0') ? '1' : '0');
const receiptOf = ({ tx_id: id }) => VECTORS.receipts.find(({ answer }) => answer.tx_id === id).answer;
const stateOf = ({ key }) => VECTORS.state.find(({ answer }) => answer.key === key).answer;
const certificateOf = ({ height }) => VECTORS.certificates.find(({ answer }) => answer.height === height).answer;

// What a node could do to make a vote seem counted: each has to be noticed.
const LIES = {
  'a receipt of another transaction': { dao_getReceipt: () => VECTORS.receipts[0].answer },
  'a receipt that says something else': {
    dao_getReceipt: (asked) =>
      changed(receiptOf(asked), ({ proof }) => {
        proof.receipt = flip(proof.receipt);
      }),
  },
  'a ballot that is none': {
    dao_getProof: (asked) =>
      changed(stateOf(asked), (answer) => {
        answer.value = null;
      }),
  },
  'another ballot': {
    dao_getProof: (asked) =>
      changed(stateOf(asked), (answer) => {
        answer.value = flip(answer.value);
      }),
  },
  'a header that nobody signed': {
    dao_getCertificate: (asked) =>
      changed(certificateOf(asked), ({ header }) => {
        header.state_root = flip(header.state_root);
      }),
  },
  'a signature of nobody': {
    dao_getCertificate: (asked) =>
      changed(certificateOf(asked), ({ proof }) => {
        const { signatures } = proof.qc ?? proof;
        signatures[0] = flip(signatures[0]);
      }),
  },
};
for (const [name, lie] of Object.entries(LIES)) {
  test(`a lie is noticed: ${name}`, async () => {
    node(lie);
    await assert.rejects(prove(), Error);
  });
}

test('validators of another chain prove nothing', async () => {
  node();
  const { publicKey } = await keyFromSeed(new Uint8Array(32).fill(9));
  const others = {
    chain_id: chain.chainId,
    modules: { validators: { validators: [{ public_key: hex(publicKey), power: '1' }] } },
  };
  const trusted = await trustedChain(others);
  await assert.rejects(proveVote('node', trusted, { id: vote.tx_id, proposal, voter }), /binds other validators/);
});
