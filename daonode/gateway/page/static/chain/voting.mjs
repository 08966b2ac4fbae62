// A vote from the first question to the proven receipt. Knows no page: `url` is that of a node's JSON-RPC, or of what
// passes calls on to one, and `post(transaction)` hands in what was signed. The node is believed about the price and the
// time, which are shown before anything is signed, and about nothing afterwards.

import { ballotKey, readBallot, verifyCertificate, verifyReceipt, verifyState } from './proof.mjs';
import { readBody } from './reading.mjs';
import { call, encodeBody, plan, signTransaction } from './wallet.mjs';

const WAIT_MS = 10_000;
const PAUSE_MS = 1_000;
const MAX_WAITS = 60;

// What would be signed: the bytes of the body, and the body as it is read back from them.
export async function prepareVote(url, key, { chainId, proposal, choice, reason }) {
  const message = { type: 'governance.Vote', value: { proposal, choice, reason } };
  const bytes = encodeBody(await plan(url, key, [message], { chainId }));
  return { bytes, body: readBody(bytes) };
}

// Sign the bytes, send them and wait until a block has them: `{id, height}`. `tell(id)` is called once they are sent.
export async function castVote(url, post, key, { bytes, body }, tell = () => {}) {
  const signed = await signTransaction(bytes, [key]);
  await post(signed.transaction);
  tell(signed.id);
  for (let waits = 0; waits < MAX_WAITS; waits += 1) {
    const answer = await asked(url, signed.id);
    if (answer?.status === 'committed') return { id: signed.id, height: answer.height };
    await new Promise((resolve) => {
      setTimeout(resolve, PAUSE_MS);
    });
  }
  const until = new Date(Number(body.expires_at_ms)).toISOString();
  throw new Error(`no block has ${signed.id} yet, and one still may until ${until}`);
}

// What a node says of a transaction, or null where it has none or cannot say now.
async function asked(url, id) {
  try {
    return await call(url, 'dao_getTransaction', { tx_id: id, wait_ms: WAIT_MS });
  } catch (error) {
    if (error.code === -32001 || error.data?.retryable) return null;
    throw error;
  }
}

// What the validators signed about a vote: the receipt, and where it succeeded the ballot in the state. Throws where
// anything that the node answers does not match.
export async function proveVote(url, chain, { id, proposal, voter }) {
  const answer = await call(url, 'dao_getReceipt', { tx_id: id, proof: true });
  const certified = await certifiedHeader(url, chain, answer.height);
  const receipt = await verifyReceipt(certified.header, id, answer);
  const proven = { ...certified, height: answer.height, receipt, ballot: null };
  if (receipt.code !== 0) return proven;
  const key = ballotKey(proposal, voter);
  const state = await call(url, 'dao_getProof', { key });
  const { header } = await certifiedHeader(url, chain, state.height);
  const stored = await verifyState(header, key, state);
  if (stored === null) throw new Error('not proven: the state has no such ballot');
  return { ...proven, ballot: { ...readBallot(stored), height: state.height } };
}

async function certifiedHeader(url, chain, height) {
  const answer = await call(url, 'dao_getCertificate', { height });
  const header = await verifyCertificate(chain, answer);
  const { signers } = answer.proof.qc ?? answer.proof;
  const power = signers.reduce((sum, at) => sum + chain.validators[Number(at)].power, 0n);
  return { header, signers: signers.length, power, totalPower: chain.totalPower };
}
