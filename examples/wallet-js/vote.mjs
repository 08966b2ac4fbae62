// Casts a vote and proves that the chain counted it.
//
//   node vote.mjs --rpc URL --genesis FILE --word-list FILE --proposal ID --choice yes \
//     [--account 0] [--lane 0] [--reason TEXT] [--seed]
//
// The words come as one line of standard input, so that no list of processes shows them. `--seed` reads the 64
// hexadecimal digits of a private seed instead. What is signed is shown first; the result is JSON on standard output.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import {
  accountSeed, call, encodeBody, keyFromSeed, plan, seedFromWords, send, signTransaction, unhex,
} from '../../daonode/gateway/page/static/chain/wallet.mjs';
import { ballotKey, readBallot, trustedChain, verifyCertificate, verifyReceipt, verifyState } from '../../daonode/gateway/page/static/chain/proof.mjs';

const text = { type: 'string' };
const { values: options } = parseArgs({
  options: {
    rpc: text, genesis: text, 'word-list': text, proposal: text, choice: text,
    account: { type: 'string', default: '0' }, lane: { type: 'string', default: '0' },
    reason: { type: 'string', default: '' }, seed: { type: 'boolean', default: false },
  },
});

async function readKey(genesis) {
  const secret = readFileSync(0, 'utf8').trim();
  if (options.seed) return keyFromSeed(unhex(`0x${secret}`));
  const wordList = readFileSync(options['word-list'], 'utf8').trim().split(/\s+/);
  const seed = await seedFromWords(secret, wordList);
  return keyFromSeed(await accountSeed(seed, { coinType: genesis.coin_type, account: Number(options.account) }));
}

async function finalHeader(chain, height) {
  return verifyCertificate(chain, await call(options.rpc, 'dao_getCertificate', { height }));
}

const genesis = JSON.parse(readFileSync(options.genesis, 'utf8'));
const chain = await trustedChain(genesis);
const key = await readKey(genesis);
const { proposal, choice: chosen, reason } = options;
const vote = { type: 'governance.Vote', value: { proposal, choice: chosen, reason } };
const body = await plan(options.rpc, key, [vote], { chainId: genesis.chain_id, lane: Number(options.lane) });
console.error('signing', JSON.stringify(body, null, 2));
const signed = await signTransaction(encodeBody(body), [key]);
const { height } = await send(options.rpc, signed);

const answer = await call(options.rpc, 'dao_getReceipt', { tx_id: signed.id, proof: true });
const receipt = await verifyReceipt(await finalHeader(chain, answer.height), signed.id, answer);
const ballotAt = ballotKey(proposal, key.address);
const state = await call(options.rpc, 'dao_getProof', { key: ballotAt });
const ballot = await verifyState(await finalHeader(chain, state.height), ballotAt, state);
const { choice, own, received, overridden } = readBallot(ballot);
console.log(JSON.stringify({
  tx_id: signed.id, height, voter: key.address, code: receipt.code, choice, weight: String(own + received - overridden),
  proven: `by the validators of ${chain.chainId}, receipt at height ${answer.height}, ballot at height ${state.height}`,
}, null, 2));
