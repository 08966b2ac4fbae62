// The key that this page signs with until it is locked or the page is closed: in memory, in one place.

import { keyFromSeed, verifySignature } from '../chain/wallet.mjs';

const TRIED = new Uint8Array(32);
let key = null;

export const currentKey = () => key;
export const lockKey = () => {
  key = null;
};
export async function useSeed(seed) {
  key = await keyFromSeed(seed);
  return key;
}

// Why this browser cannot sign, or null where it can.
export async function obstacle() {
  if (!globalThis.isSecureContext || !globalThis.crypto?.subtle) {
    return 'A browser signs only on pages that came over HTTPS or from this machine. Open this page under such an address.';
  }
  try {
    const tried = await keyFromSeed(TRIED);
    if (await verifySignature(tried.publicKey, await tried.sign(TRIED), TRIED)) return null;
  } catch {
    // Said below, in words.
  }
  return 'This browser does not know Ed25519, the kind of signature that this chain uses. Chrome 137, Firefox 129 and Safari 17, or later, do.';
}
