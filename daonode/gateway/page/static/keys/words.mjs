// Words of BIP-39, and the key that they or a private seed are. Entropy is the browser's own.

import { accountSeed, seedFromWords, sha256, unhex } from '../chain/wallet.mjs';

let wordList = null;
export async function loadWordList() {
  if (wordList) return wordList;
  const answer = await fetch(new URL('../english.txt', import.meta.url));
  if (!answer.ok) throw new Error('This page is older than its gateway. Load it again.');
  wordList = (await answer.text()).trim().split('\n');
  return wordList;
}

// 12 or 24 words, of so much entropy (BIP-39: a word is 11 bits, the last ones of a checksum).
export async function wordsOf(entropy, list) {
  const bits = (data) => Array.from(data, (octet) => octet.toString(2).padStart(8, '0')).join('');
  const all = bits(entropy) + bits(await sha256(entropy)).slice(0, entropy.length / 4);
  return all.match(/.{11}/g).map((group) => list[parseInt(group, 2)]);
}
export const newWords = async (count) =>
  wordsOf(crypto.getRandomValues(new Uint8Array((count * 4) / 3)), await loadWordList());

// The private seed that a person typed as words, or as 64 hexadecimal digits. Throws with what is wrong.
export async function seedOf(secret, { coinType, account }) {
  const text = secret.trim().toLowerCase();
  if (/^(0x)?[0-9a-f]{64}$/.test(text)) return unhex(`0x${text.replace(/^0x/, '')}`);
  const seed = await seedFromWords(text, await loadWordList());
  return accountSeed(seed, { coinType, account });
}
