// Verifies what a node answers against the genesis document alone: the node is trusted for nothing.
//
// The document names the validators. A header is final where validators with more than two thirds of the power signed
// so; a receipt and a value of the state are proven where they stand under a root of such a header. A text of an error
// in a receipt is not committed to: code and events are. Whatever does not match is thrown as an Error.

import {
  concat, decodeAddress, encode, hex, sha256, taggedHash, toWire, unhex, verifySignature,
} from './wallet.mjs';

const EPOCH = 0n; // The validators are those of genesis: a header that binds another set is refused.
const EMPTY = new Uint8Array(32);
const HEADER = {
  version: 'u64', chain_id: 'text', epoch: 'u64', height: 'u64', round: 'u64', time_ms: 'u64', proposer: 'validator',
  parent_id: 'bytes', qc_digest: 'bytes', tc_digest: 'bytes', payload_digest: 'bytes', state_root: 'bytes',
  receipts_root: 'bytes', validators_digest: 'bytes', next_validators_digest: 'bytes', failed_proposers: ['validator'],
};
const tagByte = (tag) => Uint8Array.of(tag);
const node = (left, right) => sha256(concat(tagByte(1), left, right));
const utf8 = new TextEncoder();
const demand = (holds, otherwise) => { if (!holds) throw new Error(`not proven: ${otherwise}`); };

export const headerId = async (header) => hex(await taggedHash('daonode/header/v1', encode(toWire(HEADER, header))));

// What is trusted of a chain: its id and its validators, in the order of their ids.
export async function trustedChain(genesis) {
  const validators = await Promise.all(genesis.modules.validators.validators.map(async ({ id, public_key, power }) => {
    const publicKey = unhex(public_key);
    const ownId = id ? decodeAddress(id, 'daoval') : await taggedHash('daonode/validator-id/v1', publicKey);
    return { id: ownId, publicKey, power: BigInt(power) };
  }));
  validators.sort((one, other) => (hex(one.id) < hex(other.id) ? -1 : 1));
  const set = [EPOCH, validators.map(({ id, publicKey, power }) => [id, publicKey, power])];
  const digest = hex(await taggedHash('daonode/validators/v1', encode(set)));
  const totalPower = validators.reduce((sum, { power }) => sum + power, 0n);
  return { chainId: genesis.chain_id, validators, digest, totalPower };
}

// The header in an answer of `dao_getCertificate`, once it is shown to be final.
export async function verifyCertificate(chain, { height, header, proof, descendants }) {
  demand(header.height === String(height), `the header is of height ${header.height}, expected ${height}`);
  let last = header;
  await checkHeader(chain, header);
  for (const child of proof.kind === 'two_chain' ? [...descendants, proof.child] : descendants) {
    await checkHeader(chain, child);
    demand(child.parent_id === await headerId(last), `block ${child.height} does not follow block ${last.height}`);
    const follows = BigInt(child.height) === BigInt(last.height) + 1n && BigInt(child.round) > BigInt(last.round);
    demand(follows, `block ${child.height} of round ${child.round} cannot be a child`);
    last = child;
  }
  const certificate = proof.kind === 'two_chain' ? proof.qc : proof;
  const isForLast = certificate.block_id === await headerId(last) && certificate.round === last.round;
  demand(isForLast, 'the certificate is for another block');
  const statement = [chain.chainId, EPOCH, BigInt(certificate.round), unhex(certificate.block_id)];
  if (proof.kind === 'two_chain') {
    const { qc_round: qcRound } = certificate;
    const parent = descendants.at(-1) ?? header;
    const areInARow = qcRound === parent.round && BigInt(certificate.round) === BigInt(qcRound) + 1n;
    demand(areInARow, 'the two certified blocks are not of rounds in a row');
    await checkQuorum(chain, certificate, ['vote', ...statement, BigInt(qcRound)]);
  } else {
    demand(proof.kind === 'commit_certificate', `${proof.kind} is no proof of finality`);
    await checkQuorum(chain, certificate, ['commit', ...statement]);
  }
  return header;
}

async function checkHeader(chain, header) {
  const isOfChain = header.version === '1' && header.chain_id === chain.chainId && BigInt(header.epoch) === EPOCH;
  demand(isOfChain, `block ${header.height} is of another chain or version`);
  const bindsSet = header.validators_digest === chain.digest && header.next_validators_digest === chain.digest;
  demand(bindsSet, `block ${header.height} binds other validators`);
}

async function checkQuorum(chain, { epoch, signers, signatures }, statement) {
  demand(BigInt(epoch) === EPOCH && signers.length === signatures.length, 'the certificate has not its form');
  const signed = concat(utf8.encode('daonode/statement/v1'), encode(statement));
  let power = 0n;
  for (const [at, signer] of signers.entries()) {
    const validator = chain.validators[Number(signer)];
    const isNext = at === 0 || BigInt(signer) > BigInt(signers[at - 1]);
    demand(validator && isNext, `signer ${signer} is unknown or stands twice`);
    const isValid = await verifySignature(validator.publicKey, unhex(signatures[at]), signed);
    demand(isValid, `the signature of validator ${signer} is wrong`);
    power += validator.power;
  }
  demand(3n * power > 2n * chain.totalPower, `${power} of ${chain.totalPower} signed: that is no quorum`);
}

// The receipt in an answer of `dao_getReceipt` with its proof, under the root of a header that is final.
export async function verifyReceipt(header, txId, { proof }) {
  const receipt = decode(unhex(proof.receipt));
  demand(hex(encode(receipt)) === proof.receipt, 'the receipt is not in canonical form');
  const [id, code, , gasUsed, fee, events] = receipt;
  demand(hex(id) === txId, `the receipt is that of ${hex(id)}`);
  const leaf = encode([id, code, '', gasUsed, fee, events]);
  const root = hex(await inclusionRoot(leaf, proof.inclusion));
  demand(root === header.receipts_root, `the receipt is not one of block ${header.height}`);
  return { code: Number(code), gasUsed, fee, events: events.map(([type, body]) => ({ type, fields: decode(body) })) };
}

async function inclusionRoot(leaf, { index, size, path }) {
  demand(isCount(index) && isCount(size) && index < size, `there is no place ${index} of ${size}`);
  let [position, last, computed] = [index, size - 1, await sha256(concat(tagByte(0), leaf))];
  for (const sibling of path.map(unhex)) {
    demand(last > 0 && sibling.length === 32, 'the path is too long');
    if (position % 2 === 1 || position === last) {
      computed = await node(sibling, computed);
      while (position % 2 === 0 && position !== 0) [position, last] = [position >>> 1, last >>> 1];
    } else computed = await node(computed, sibling);
    [position, last] = [position >>> 1, last >>> 1];
  }
  demand(last === 0, 'the path is too short');
  return computed;
}

// The value in an answer of `dao_getProof`, null for none, under the root of a header that is final.
export async function verifyState(header, key, { key: answered, value, proof }) {
  demand(answered === key, `the answer is for key ${answered}`);
  const { depth, bitmap, siblings, leaf_path: leafPath, leaf_value_hash: leafValueHash } = proof;
  const path = await sha256(unhex(key));
  const [directions, present] = [bitsOf(path), bitsOf(unhex(bitmap))];
  demand(isCount(depth) && depth <= 256, 'the depth is none');
  const isBitmap = present.length === 8 * Math.ceil(depth / 8) && !present.slice(depth).includes('1');
  demand(isBitmap, 'the bitmap has not its form');
  demand([...present].filter((bit) => bit === '1').length === siblings.length, 'the number of siblings is wrong');
  demand([2, 66].includes(leafPath.length) && leafPath.length === leafValueHash.length, 'the leaf has not its form');
  if (value !== null) {
    const isLeaf = leafPath === hex(path) && leafValueHash === hex(await sha256(unhex(value)));
    demand(isLeaf, 'the leaf is not that key with that value');
  } else if (leafPath !== '0x') {
    const stands = bitsOf(unhex(leafPath)).slice(0, depth) === directions.slice(0, depth);
    demand(leafPath !== hex(path) && stands, 'the leaf does not stand in the way of the key');
  }
  let computed = leafPath === '0x' ? EMPTY : await sha256(concat(tagByte(0), unhex(leafPath), unhex(leafValueHash)));
  const given = siblings.map(unhex);
  for (let level = 0; level < depth; level += 1) {
    const sibling = present[level] === '1' ? given.shift() : EMPTY;
    demand(sibling.length === 32, 'a sibling has 32 bytes');
    computed = directions[depth - 1 - level] === '1' ? await node(sibling, computed) : await node(computed, sibling);
  }
  demand(hex(computed) === header.state_root, `the value is not one of the state after block ${header.height}`);
  return value === null ? null : unhex(value);
}

const isCount = (value) => Number.isInteger(value) && value >= 0 && value < 2 ** 31;
const bitsOf = (data) => Array.from(data, (octet) => octet.toString(2).padStart(8, '0')).join('');

// The key of a ballot in the state, and what is in it: `{choice, own, received, overridden}`, each power a BigInt.
export const ballotKey = (proposal, voter) =>
  hex(concat(utf8.encode('governance'), tagByte(8), unhex(proposal), decodeAddress(voter)));
export function readBallot(stored) {
  demand(stored[0] === 1, `ballots of version ${stored[0]} are not known`);
  const [choice, own, received, overridden] = decode(stored.slice(1));
  return { choice, own, received, overridden };
}

// MessagePack of bytes that are proven or compared with `encode`; a number becomes a BigInt.
export function decode(data) {
  let at = 0;
  const take = (size) => {
    demand(at + size <= data.length, 'the bytes end early');
    at += size;
    return data.subarray(at - size, at);
  };
  const number = (size) => take(size).reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n);
  const text = (size) => new TextDecoder('utf-8', { fatal: true }).decode(take(Number(size)));
  const array = (size) => Array.from({ length: Number(size) }, value);
  function value() {
    const [head] = take(1);
    if (head < 0x80) return BigInt(head);
    if (head >= 0x90 && head < 0xa0) return array(head & 15);
    if (head >= 0xa0 && head < 0xc0) return text(head & 31);
    if (head === 0xc0) return null;
    if (head === 0xc2 || head === 0xc3) return head === 0xc3;
    if (head >= 0xc4 && head <= 0xc6) return Uint8Array.from(take(Number(number(2 ** (head - 0xc4)))));
    if (head >= 0xcc && head <= 0xcf) return number(2 ** (head - 0xcc));
    if (head >= 0xd9 && head <= 0xdb) return text(number(2 ** (head - 0xd9)));
    if (head === 0xdc || head === 0xdd) return array(number(2 ** (head - 0xdb)));
    throw new Error(`0x${head.toString(16)} begins no value`);
  }
  const decoded = value();
  demand(at === data.length, 'bytes are left over');
  return decoded;
}
