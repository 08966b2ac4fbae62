// Checks the wallet in JavaScript, which page and examples use, against the vectors:
//   node check_vectors.mjs VECTORS WORD_LIST
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as wallet from '../../../daonode/gateway/page/static/chain/wallet.mjs';
import * as proof from '../../../daonode/gateway/page/static/chain/proof.mjs';
import { readBody } from '../../../daonode/gateway/page/static/chain/reading.mjs';

const { hex, unhex } = wallet;
const vectors = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const wordList = readFileSync(process.argv[3], 'utf8').trim().split('\n');
const checks = {};
const altered = (text) => text.slice(0, -1) + (text.endsWith('0') ? '1' : '0');
const changing = (answer, verify) => (change) => () => {
  const copy = structuredClone(answer);
  change(copy);
  return verify(copy);
};
const mustFail = (promise, what) => assert.rejects(async () => promise(), Error, `${what} was accepted`);

const valueOf = (shown) => {
  if (Array.isArray(shown)) return shown.map(valueOf);
  if (shown === null || typeof shown !== 'object') return shown;
  return shown.bytes === undefined ? BigInt(shown.number) : unhex(shown.bytes);
};

checks.encodings = async () => {
  for (const { value, bytes } of vectors.encodings) {
    assert.equal(hex(wallet.encode(valueOf(value))), bytes);
    assert.equal(hex(wallet.encode(proof.decode(unhex(bytes)))), bytes);
  }
  for (const wrong of [0.5, -1, 2n ** 64n, undefined, '\ud800', {}]) assert.throws(() => wallet.encode(wrong));
};

const keys = new Map();
checks.keys = async () => {
  for (const each of vectors.keys) {
    const seed = await wallet.seedFromWords(each.mnemonic, wordList);
    assert.equal(hex(seed), each.bip39_seed);
    const [, coinType, account] = each.path.match(/\d+/g).map(Number);
    const privateSeed = await wallet.accountSeed(seed, { coinType, account });
    assert.equal(hex(privateSeed), each.private_seed);
    const key = await wallet.keyFromSeed(privateSeed);
    assert.equal(hex(key.publicKey), each.public_key);
    assert.equal(key.address, each.address);
    assert.equal(hex(wallet.decodeAddress(each.address)), each.account_id);
    assert.throws(() => wallet.decodeAddress(altered(each.address)), /checksum/);
    assert.throws(() => wallet.decodeAddress(each.address.toUpperCase()));
    assert.throws(() => wallet.decodeAddress(each.address, 'daoval'));
    await mustFail(() => wallet.seedFromWords(each.mnemonic.replace(/\w+$/, 'zoo'), wordList), 'a wrong checksum');
    keys.set(each.public_key, key);
  }
  assert.equal(await wallet.policyAddress(vectors.shared_account.policy), vectors.shared_account.address);
};

checks.texts = async () => {
  for (const { text, public_key: publicKey, signature } of vectors.texts) {
    assert.equal(hex(await keys.get(publicKey).sign(await wallet.textDigest(text))), signature);
  }
};

checks.transactions = async () => {
  for (const each of vectors.transactions) {
    const body = wallet.encodeBody(each.body);
    assert.equal(hex(body), each.body_bytes, each.name);
    assert.deepEqual(readBody(body), each.body, `${each.name}: read back`);
    assert.throws(() => readBody(body.slice(0, -1)), /end early/);
    assert.throws(() => readBody(Uint8Array.of(...body, 0)), /left over/);
    const signers = each.signatures.map(({ public_key: publicKey }) => keys.get(publicKey));
    const signed = await wallet.signTransaction(body, signers);
    assert.deepEqual(signed, { id: each.tx_id, transaction: each.transaction }, each.name);
    assert.throws(() => wallet.encodeBody({ ...each.body, tip: '1' }), /unknown field/);
    const { memo, ...less } = each.body;
    assert.throws(() => wallet.encodeBody(less), /missing/);
    for (const wrong of [{ memo: 1 }, { sequence: 0 }, { sequence: '01' }, { lane: '0' }, { lane: 0.5 }]) {
      assert.throws(() => wallet.encodeBody({ ...each.body, ...wrong }), /expected/);
    }
  }
};

const headers = new Map();
checks.certificates = async () => {
  const chain = await proof.trustedChain(vectors.genesis);
  for (const { name, answer, block_id: id } of vectors.certificates) {
    headers.set(answer.height, await proof.verifyCertificate(chain, answer));
    assert.equal(await proof.headerId(answer.header), id);
    const changed = changing(answer, (copy) => proof.verifyCertificate(chain, copy));
    const certificate = (copy) => copy.proof.qc ?? copy.proof;
    await mustFail(changed(({ header }) => { header.state_root = altered(header.state_root); }), `${name}: a root`);
    await mustFail(changed((copy) => { copy.header.chain_id = 'daonode:other'; }), `${name}: another chain`);
    for (const field of ['validators_digest', 'next_validators_digest']) {
      await mustFail(changed((copy) => { copy.header[field] = altered(copy.header[field]); }), `${name}: another set`);
    }
    await mustFail(changed((copy) => { copy.height += 1; }), `${name}: another height`);
    await mustFail(changed((copy) => certificate(copy).signatures.reverse()), `${name}: signatures of others`);
    await mustFail(changed((copy) => {
      certificate(copy).signers[1] = certificate(copy).signers[0];
      certificate(copy).signatures[1] = certificate(copy).signatures[0];
    }), `${name}: a signer twice`);
    await mustFail(changed((copy) => {
      for (const part of ['signers', 'signatures']) certificate(copy)[part] = certificate(copy)[part].slice(0, 2);
    }), `${name}: no quorum`);
    await mustFail(changed((copy) => { certificate(copy).round += '0'; }), `${name}: another round`);
    await mustFail(changed((copy) => { copy.proof.kind = 'promise'; }), `${name}: another kind`);
    if (answer.descendants.length) {
      await mustFail(changed((copy) => { copy.descendants = []; }), `${name}: no descendants`);
    }
  }
};

checks.receipts = async () => {
  for (const { answer } of vectors.receipts) {
    const header = headers.get(answer.height);
    const receipt = await proof.verifyReceipt(header, answer.tx_id, answer);
    assert.equal(receipt.code, 0);
    const changed = changing(answer, (copy) => proof.verifyReceipt(header, answer.tx_id, copy));
    await mustFail(() => proof.verifyReceipt(header, altered(answer.tx_id), answer), 'another transaction');
    await mustFail(changed(({ proof: copy }) => { copy.inclusion.index += 1; }), 'another place');
    await mustFail(changed(({ proof: copy }) => { copy.inclusion.path.pop(); }), 'a short path');
    await mustFail(changed(({ proof: copy }) => copy.inclusion.path.push(copy.inclusion.path[0])), 'a long path');
    await mustFail(changed(({ proof: copy }) => { copy.receipt = copy.receipt.replace('00a0', '07a0'); }), 'a code');
    await mustFail(changed(({ proof: copy }) => { copy.receipt += '00'; }), 'a byte more');
  }
};

checks.state = async () => {
  for (const { name, answer } of vectors.state) {
    const header = headers.get(answer.height);
    const value = await proof.verifyState(header, answer.key, answer);
    assert.equal(value === null ? null : hex(value), answer.value);
    const changed = changing(answer, (copy) => proof.verifyState(header, answer.key, copy));
    await mustFail(changed((copy) => { copy.value = copy.value === null ? '0x01' : null; }), `${name}: the opposite`);
    await mustFail(changed((copy) => { copy.proof.siblings.pop(); }), `${name}: a sibling less`);
    await mustFail(changed(({ proof: { siblings } }) => { siblings[0] = altered(siblings[0]); }), `${name}: a sibling`);
    await mustFail(changed((copy) => { copy.proof.depth -= 1; }), `${name}: another depth`);
    await mustFail(changed((copy) => { copy.proof.depth -= 0.5; }), `${name}: half a depth`);
    await mustFail(changed((copy) => { copy.proof.depth = String(copy.proof.depth); }), `${name}: the depth as text`);
    await mustFail(() => proof.verifyState(header, altered(answer.key), answer), `${name}: another key`);
  }
  const vote = vectors.transactions.find(({ name }) => name === 'vote yes').body;
  const [{ answer }] = vectors.state;
  assert.equal(proof.ballotKey(vote.messages[0].value.proposal, vote.sender), answer.key);
  assert.equal(proof.readBallot(unhex(answer.value)).choice, 'yes');
};

checks.unproven = async () => {
  const chain = await proof.trustedChain(vectors.genesis);
  const verify = {
    certificate: ({ answer }) => proof.verifyCertificate(chain, answer),
    receipt: ({ answer, tx_id: txId }) => proof.verifyReceipt(headers.get(answer.height), txId, answer),
    state: ({ answer, key }) => proof.verifyState(headers.get(answer.height), key, answer),
  };
  for (const wrong of vectors.unproven) await mustFail(() => verify[wrong.kind](wrong), `${wrong.kind}: ${wrong.name}`);
};

for (const [name, check] of Object.entries(checks)) {
  await check();
  console.log(`${name}: ok`);
}
