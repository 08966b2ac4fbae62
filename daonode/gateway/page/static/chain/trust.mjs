// Which validators the page believes: those that it saw first. Whoever compares the digest with the genesis document's
// turns this into trust in the document. `storage` has the form of localStorage.

import { trustedChain } from './proof.mjs';

const place = (chainId) => `daonode.validators.${chainId}`;

// What is remembered of a chain: `{digest, since}`, or null.
export const remembered = (storage, chainId) => JSON.parse(storage.getItem(place(chainId)) ?? 'null');

// The chain as `proof.mjs` takes it, with `since`, when its validators were first seen, as RFC 3339. `answer` is one of
// `dao_getValidators`. Throws where it names others than those that were seen before.
export async function firstSeen(storage, chainId, answer, now) {
  const known = remembered(storage, chainId);
  const document = { chain_id: chainId, modules: { validators: { validators: answer.validators } } };
  const chain = await trustedChain(document);
  if (known && known.digest !== chain.digest) {
    throw new Error(`the validators of ${chainId} are not those that this browser saw on ${known.since}`);
  }
  const since = known?.since ?? now;
  if (!known) storage.setItem(place(chainId), JSON.stringify({ digest: chain.digest, since }));
  return { ...chain, since };
}

// Forget them, after which the next ones are believed.
export const forgetValidators = (storage, chainId) => storage.removeItem(place(chainId));
