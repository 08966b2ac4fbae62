// How a key comes into the page: the steps from words or a seed to a key that signs, and what is known at each.
//
// `step` is `start`, `words` (they are shown), `confirm` (some are asked for) or `keep` (where it shall stay). A secret
// is here no longer than it is needed.

import { seal, writeStored } from './keystore.mjs';
import { lockKey, useSeed } from './session.mjs';
import { newWords, seedOf } from './words.mjs';

const CONFIRMED = 3; // How many of the words are asked for.
export const TEST_COIN_TYPE = 1;

const START = { step: 'start', words: null, asked: [], seed: null };
export const making = { ...START, isBusy: false, problem: '' };

export function cancel() {
  making.seed?.fill(0);
  Object.assign(making, START);
}

export async function makeWords(count) {
  Object.assign(making, { words: await newWords(count), step: 'words' });
}

export function showWords() {
  making.step = 'words';
}

// Ask for some of the words, by their places.
export function askForWords() {
  const places = making.words.map((_, at) => at);
  const asked = [];
  while (asked.length < CONFIRMED) {
    const [drawn] = crypto.getRandomValues(new Uint32Array(1));
    asked.push(...places.splice(drawn % places.length, 1));
  }
  Object.assign(making, { asked: asked.sort((one, other) => one - other), step: 'confirm' });
}

// `written(at)` is what a person wrote for the word in a place.
export async function confirmWords(written) {
  const wrong = making.asked.find((at) => written(at).trim().toLowerCase() !== making.words[at]);
  if (wrong !== undefined) throw new Error(`Word ${wrong + 1} is another one. Look at your paper again.`);
  await importKey(making.words.join(' '), { coinType: TEST_COIN_TYPE, account: 0 });
  making.words = null;
}

export async function importKey(secret, path) {
  Object.assign(making, { seed: await seedOf(secret, path), step: 'keep' });
}

// Use the key from now on; with a password it is stored too. Either both or neither happens.
export async function keepKey(password) {
  const { address } = await useSeed(making.seed);
  try {
    if (password !== null) await writeStored(await seal(making.seed, address, password));
  } catch (error) {
    lockKey();
    throw error;
  }
  cancel();
}
