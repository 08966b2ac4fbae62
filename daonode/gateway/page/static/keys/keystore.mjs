// A key at rest in this browser: the private seed of 32 bytes, encrypted under a password. Nothing else of the key is
// stored, its words neither. PBKDF2 is the slow hash that WebCrypto has; the work is what OWASP asks for since 2023.

import { hex, unhex } from '../chain/wallet.mjs';

const ITERATIONS = 600_000;
const MAX_ITERATIONS = 10_000_000;
export const MIN_PASSWORD = 10;
const [DATABASE, STORE, SLOT] = ['daonode', 'keys', 'key'];
const utf8 = new TextEncoder();

async function passwordKey(password, salt, iterations) {
  const material = await crypto.subtle.importKey('raw', utf8.encode(password.normalize('NFKC')), 'PBKDF2', false, [
    'deriveKey',
  ]);
  const method = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations };
  return crypto.subtle.deriveKey(method, material, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}

// What is stored of a key: plain but for `sealed`. The address is bound to it: another one beside it does not open.
export async function seal(seed, address, password) {
  if (password.length < MIN_PASSWORD) throw new Error(`A password has at least ${MIN_PASSWORD} characters.`);
  const [salt, nonce] = [crypto.getRandomValues(new Uint8Array(16)), crypto.getRandomValues(new Uint8Array(12))];
  const key = await passwordKey(password, salt, ITERATIONS);
  const method = { name: 'AES-GCM', iv: nonce, additionalData: utf8.encode(address) };
  const sealed = hex(new Uint8Array(await crypto.subtle.encrypt(method, key, seed)));
  return { version: 1, address, iterations: ITERATIONS, salt: hex(salt), nonce: hex(nonce), sealed };
}

export async function unseal(record, password) {
  const { version, address, iterations, salt, nonce, sealed } = record;
  if (version !== 1 || !(iterations >= ITERATIONS && iterations <= MAX_ITERATIONS))
    throw new Error('This key was stored by another version of this page.');
  const key = await passwordKey(password, unhex(salt), iterations);
  const method = { name: 'AES-GCM', iv: unhex(nonce), additionalData: utf8.encode(address) };
  try {
    return new Uint8Array(await crypto.subtle.decrypt(method, key, unhex(sealed)));
  } catch {
    throw new Error('That is not the password.');
  }
}

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new Error(`This browser does not store: ${request.error.message}`));
  });

async function slot(mode, act) {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = await done(opening);
  try {
    return await done(act(database.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    database.close();
  }
}

export const readStored = async () => (await slot('readonly', (store) => store.get(SLOT))) ?? null;
export const writeStored = (record) => slot('readwrite', (store) => store.put(record, SLOT));
export const forgetStored = () => slot('readwrite', (store) => store.delete(SLOT));
