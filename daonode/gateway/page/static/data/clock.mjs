// The chain's time. Between blocks it goes on as this machine's clock does, from where a node last said it was.

import { rpc } from './api.mjs';

const MAX_BEHIND_MS = 5_000; // A block that is further ahead than this means that the clock was moved.
let offsetMs = 0;

export const now = () => Date.now() + offsetMs;

// Ask a node for its time; without one, the last block's has to do.
export async function setClock(blockTime) {
  try {
    const { clock } = await rpc('dao_status');
    offsetMs = Date.parse(clock) - Date.now();
  } catch {
    offsetMs = Date.parse(blockTime) - Date.now();
  }
}

// Take notice of a block's time.
export async function seeBlock(time) {
  if (Date.parse(time) - now() > MAX_BEHIND_MS) await setClock(time);
}
