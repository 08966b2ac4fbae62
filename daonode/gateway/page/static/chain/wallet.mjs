// A wallet for daonode chains without dependencies: keys, addresses, canonical bytes, signatures, sending.
//
// For browsers and Node 20 or later, whose WebCrypto knows Ed25519. Values have the JSON form of the node's RPC: bytes
// are `0x` hex, 64-bit numbers decimal strings, addresses `dao1...`. What is wrong is thrown as an Error that says so.
// `proof.mjs` verifies what a node answers; nothing here is proven.

const utf8 = new TextEncoder();
const HARDENED = 2 ** 31;
const ALPHABET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const GENERATORS = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
const BECH32M = 0x2bc830a3;
const PKCS8_HEAD = '0x302e020100300506032b657004220420'; // RFC 8410: what stands before the 32 bytes of a private seed

export const concat = (...parts) => {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) { whole.set(part, at); at += part.length; }
  return whole;
};
export const hex = (data) => `0x${Array.from(data, (octet) => octet.toString(16).padStart(2, '0')).join('')}`;
export const unhex = (text) => {
  if (!/^0x([0-9a-f]{2})*$/.test(text)) throw new Error(`expected 0x and hex digits, got ${text}`);
  return Uint8Array.from(text.slice(2).match(/../g) ?? [], (digits) => parseInt(digits, 16));
};
export const sha256 = async (data) => new Uint8Array(await crypto.subtle.digest('SHA-256', data));
export const taggedHash = (tag, data) => sha256(concat(utf8.encode(tag), data));

// --- Canonical MessagePack: each value has exactly one encoding, the shortest. No floats, no maps.

export function encode(value) {
  if (value === null) return Uint8Array.of(0xc0);
  if (typeof value === 'boolean') return Uint8Array.of(value ? 0xc3 : 0xc2);
  if (typeof value === 'number' || typeof value === 'bigint') return encodeNumber(BigInt(value));
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new Error('text with half a character has no encoding');
    const data = utf8.encode(value);
    return concat(head(data.length, 31, 0xa0, 0xd9, 0xda, 0xdb), data);
  }
  if (value instanceof Uint8Array) return concat(head(value.length, -1, 0, 0xc4, 0xc5, 0xc6), value);
  if (Array.isArray(value)) return concat(head(value.length, 15, 0x90, null, 0xdc, 0xdd), ...value.map(encode));
  throw new Error(`a ${typeof value} has no encoding`);
}

function encodeNumber(number) {
  if (number < 0n || number >= 2n ** 64n) throw new Error(`expected a number from 0 to 2^64 - 1, got ${number}`);
  if (number < 0x80n) return Uint8Array.of(Number(number));
  const size = [1, 2, 4, 8].find((octets) => number < 2n ** BigInt(8 * octets));
  return concat(Uint8Array.of(0xcb + [1, 2, 4, 8].indexOf(size) + 1), bigEndian(number, size));
}

function head(length, fixedMax, fixed, one, two, four) {
  if (length <= fixedMax) return Uint8Array.of(fixed | length);
  if (one !== null && length < 2 ** 8) return Uint8Array.of(one, length);
  if (length < 2 ** 16) return concat(Uint8Array.of(two), bigEndian(length, 2));
  return concat(Uint8Array.of(four), bigEndian(length, 4));
}

export const bigEndian = (number, size) =>
  Uint8Array.from({ length: size }, (_, at) => Number((BigInt(number) >> BigInt(8 * (size - 1 - at))) & 0xffn));

// --- Forms: how a value in JSON becomes one that is encoded. Objects are arrays in the order of their fields.

const optional = (form) => ({ optional: form });
const union = (kinds) => ({ union: kinds });
const CALL = { type: 'text', body: 'bytes' };
const MEMBER = union({
  key: { public_key: 'bytes', weight: 'number' }, account: { account: 'account', weight: 'number' },
});
const POLICY = union({ key: { public_key: 'bytes' }, threshold: { threshold: 'number', members: [MEMBER] } });
export const BODY = {
  version: 'number', chain_id: 'text', sender: 'account', lane: 'number', sequence: 'u64', expires_at_ms: 'u64',
  gas_limit: 'u64', max_fee: 'u64', messages: [CALL], memo: 'text',
};
// The messages that this wallet can show and therefore sign; the modules' README files have the others.
export const MESSAGES = {
  'accounts.Transfer': { destination: 'account', asset: 'text', amount: 'u64' },
  'accounts.CreateAccount': { policy: POLICY },
  'governance.SubmitProposal': {
    track: 'number', kind: 'text', title: 'text', body: 'text', actions: [CALL], deposit: 'u64',
    enactment: optional('duration'),
  },
  'governance.Vote': { proposal: 'bytes', choice: 'text', reason: 'text' },
  'governance.RemoveVote': { proposal: 'bytes' },
  'governance.Delegate': { track: 'number', to: 'account' },
  'governance.Undelegate': { track: 'number' },
  'identity.RegisterMember': { account: 'account', name: 'text', role: 'text' },
  'treasury.ApproveSpend': {
    asset: 'text', amount: 'u64', beneficiary: 'account', valid_from: optional('time'), expire_at: optional('time'),
  },
};
const UNITS = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5 };
const read = (value, holds, expected) => {
  if (!holds) throw new Error(`expected ${expected}, got ${value}`);
  return value;
};
const SCALARS = {
  text: (value) => read(value, typeof value === 'string', 'text'),
  number: (value) => read(value, Number.isSafeInteger(value), 'a whole number'),
  u64: (value) => BigInt(read(value, typeof value === 'string' && /^(0|[1-9]\d*)$/.test(value), 'a decimal string')),
  bytes: unhex,
  account: (value) => decodeAddress(value, 'dao'),
  validator: (value) => decodeAddress(value, 'daoval'),
  time: (value) => Date.parse(value),
  duration: (value) => {
    const [, count, unit] = read(/^(\d+)(ms|s|m|h|d)$/.exec(value), /^\d+(ms|s|m|h|d)$/.test(value), 'such as 36h');
    return BigInt(count) * BigInt(UNITS[unit]);
  },
};

export function toWire(form, value, place = '$') {
  if (typeof form === 'string') return SCALARS[form](value);
  if (Array.isArray(form)) return value.map((item, at) => toWire(form[0], item, `${place}[${at}]`));
  if (form.optional) return value === null ? null : toWire(form.optional, value, place);
  if (form.union) {
    const { kind, ...fields } = value;
    if (!form.union[kind]) throw new Error(`${place}: unknown kind ${kind}`);
    return [kind, ...toWire(form.union[kind], fields, place)];
  }
  for (const name of Object.keys(value)) if (!form[name]) throw new Error(`${place}.${name}: unknown field`);
  return Object.entries(form).map(([name, inner]) => {
    if (value[name] === undefined) throw new Error(`${place}.${name}: this field is missing`);
    return toWire(inner, value[name], `${place}.${name}`);
  });
}

// --- Addresses: bech32m (BIP-350) over 32 bytes.

const polymod = (values) => values.reduce((rest, value) => {
  const mixed = (((rest & 0x1ffffff) << 5) ^ value) >>> 0;
  return GENERATORS.reduce((sum, generator, bit) => ((rest >>> 25 >> bit) & 1 ? sum ^ generator : sum), mixed) >>> 0;
}, 1);
const expand = (prefix) => {
  const codes = [...utf8.encode(prefix)];
  return [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)];
};

export function encodeAddress(data, prefix = 'dao') {
  const bits = Array.from(data, (octet) => octet.toString(2).padStart(8, '0')).join('');
  const values = bits.match(/.{1,5}/g).map((group) => parseInt(group.padEnd(5, '0'), 2));
  const rest = polymod([...expand(prefix), ...values, 0, 0, 0, 0, 0, 0]) ^ BECH32M;
  const checksum = [5, 4, 3, 2, 1, 0].map((place) => (rest >>> (5 * place)) & 31);
  return `${prefix}1${[...values, ...checksum].map((value) => ALPHABET[value]).join('')}`;
}

export function decodeAddress(text, prefix = 'dao') {
  const values = Array.from(text.slice(prefix.length + 1), (character) => ALPHABET.indexOf(character));
  read(text, text.startsWith(`${prefix}1`) && !values.includes(-1), `an address ${prefix}1... in lower case`);
  if (polymod([...expand(prefix), ...values]) !== BECH32M) throw new Error(`${text}: a character is wrong (checksum)`);
  const bits = values.slice(0, -6).map((value) => value.toString(2).padStart(5, '0')).join('');
  const data = Uint8Array.from({ length: 32 }, (_, at) => parseInt(bits.slice(8 * at, 8 * at + 8), 2));
  if (encodeAddress(data, prefix) !== text) throw new Error(`${text}: an address carries 32 bytes and no other bits`);
  return data;
}

// --- Keys: BIP-39 words, SLIP-10 Ed25519 at m/44'/<coin type>'/<account>'/0'.

// The 64-byte seed of words. With the English list (2048 words in order) their checksum is checked: give it.
export async function seedFromWords(words, wordList = null, passphrase = '') {
  const spelled = words.normalize('NFKD').trim().toLowerCase().split(/\s+/);
  if (wordList) await checkWords(spelled, wordList);
  const phrase = utf8.encode(spelled.join(' '));
  const password = await crypto.subtle.importKey('raw', phrase, 'PBKDF2', false, ['deriveBits']);
  const salt = utf8.encode(`mnemonic${passphrase.normalize('NFKD')}`);
  const method = { name: 'PBKDF2', hash: 'SHA-512', salt, iterations: 2048 };
  return new Uint8Array(await crypto.subtle.deriveBits(method, password, 512));
}

async function checkWords(spelled, wordList) {
  const places = spelled.map((word) => wordList.indexOf(word));
  read(spelled.length, [12, 15, 18, 21, 24].includes(spelled.length), '12, 15, 18, 21 or 24 words');
  read(wordList.length, wordList.length === 2048, 'a list of 2048 words');
  if (places.includes(-1)) throw new Error(`word ${places.indexOf(-1) + 1} is not in the list`);
  const bits = places.map((place) => place.toString(2).padStart(11, '0')).join('');
  const entropyBits = (bits.length * 32) / 33;
  const entropy = Uint8Array.from(bits.slice(0, entropyBits).match(/.{8}/g), (group) => parseInt(group, 2));
  const digest = await sha256(entropy);
  const checksum = digest[0].toString(2).padStart(8, '0').slice(0, bits.length - entropyBits);
  if (bits.slice(entropyBits) !== checksum) throw new Error('a word is mistaken, or two are exchanged (checksum)');
}

export async function accountSeed(seed, { coinType = 1, account = 0 } = {}) {
  let node = await hmacSha512(utf8.encode('ed25519 seed'), seed);
  for (const index of [44, coinType, account, 0]) {
    const data = concat(Uint8Array.of(0), node.slice(0, 32), bigEndian(HARDENED + index, 4));
    node = await hmacSha512(node.slice(32), data);
  }
  return node.slice(0, 32);
}

async function hmacSha512(secret, data) {
  const key = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-512' }, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, data));
}

export const policyAddress = async (policy) =>
  encodeAddress(await taggedHash('daonode/account/v1', encode(toWire(POLICY, policy))));

// A key that signs, of a 32-byte private seed: its account begins with the policy of this one key.
export async function keyFromSeed(seed) {
  if (seed.length !== 32) throw new Error(`a private seed has 32 bytes, got ${seed.length}`);
  const privateKey = await crypto.subtle.importKey('pkcs8', concat(unhex(PKCS8_HEAD), seed), 'Ed25519', true, ['sign']);
  const { x } = await crypto.subtle.exportKey('jwk', privateKey);
  const base64 = x.replaceAll('-', '+').replaceAll('_', '/');
  const publicKey = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const address = await policyAddress({ kind: 'key', public_key: hex(publicKey) });
  const sign = async (data) => new Uint8Array(await crypto.subtle.sign('Ed25519', privateKey, data));
  return { publicKey, address, sign };
}

export async function verifySignature(publicKey, signature, data) {
  const key = await crypto.subtle.importKey('raw', publicKey, 'Ed25519', true, ['verify']);
  return crypto.subtle.verify('Ed25519', key, signature, data);
}

// --- Transactions. A text is signed under a tag of its own, so neither can pass for the other.

export const encodeMessage = ({ type, value }) => {
  if (!MESSAGES[type]) throw new Error(`this wallet does not know ${type}, so it cannot show what would be signed`);
  return { type, body: hex(encode(toWire(MESSAGES[type], value))) };
};
export const encodeBody = (body) => encode(toWire(BODY, { ...body, messages: body.messages.map(encodeMessage) }));
export const transactionId = (bodyBytes) => taggedHash('daonode/tx/v1', bodyBytes);
export const textDigest = (text) => taggedHash('daonode/message/v1', utf8.encode(text));

export async function signTransaction(bodyBytes, keys) {
  const id = await transactionId(bodyBytes);
  const signatures = await Promise.all(keys.map(async (key) => [key.publicKey, await key.sign(id)]));
  return { id: hex(id), transaction: hex(assemble(bodyBytes, signatures)) };
}

export const assemble = (bodyBytes, signatures) =>
  encode([bodyBytes, signatures.toSorted(([one], [other]) => (hex(one) < hex(other) ? -1 : 1))]);

// --- A node: JSON-RPC 2.0 with named parameters.

export async function call(url, method, params = {}) {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const answer = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
  const { result, error, detail, title } = await answer.json();
  if (error) throw Object.assign(new Error(`${method}: ${error.message}`), error);
  if (!answer.ok) throw new Error(`${method}: ${detail ?? title ?? `HTTP ${answer.status}`}`);
  return result;
}

// A body with what the node knows: sequence, expiry, price, and a gas limit from a simulation. Throws where it would
// fail. The node is believed here: show the whole body, its `max_fee` too, to the person who signs.
export async function plan(url, key, messages, { chainId, lane = 0, memo = '', gasMargin = 1.25 }) {
  const [status, account, fees] = await Promise.all([
    call(url, 'dao_status'), call(url, 'dao_getAccount', { address: key.address }), call(url, 'dao_estimateFee'),
  ]);
  if (status.chain_id !== chainId) throw new Error(`this node is on ${status.chain_id}, expected ${chainId}`);
  const body = {
    version: 1, chain_id: chainId, sender: key.address, lane, sequence: account.next_sequences[lane] ?? '0',
    expires_at_ms: String(Date.parse(status.clock) + 600_000), gas_limit: '2000000', max_fee: String(2n ** 64n - 1n),
    messages, memo,
  };
  const unsigned = assemble(encodeBody(body), [[key.publicKey, new Uint8Array(64)]]);
  const simulation = await call(url, 'dao_simulate', { transaction: hex(unsigned) });
  if (simulation.code) throw new Error(`this transaction would fail: ${simulation.error}`);
  const gasLimit = Math.ceil(Number(simulation.gas_used) * gasMargin) + 10_000;
  const fee = (BigInt(gasLimit) * BigInt(fees.gas_price)) / BigInt(fees.gas_unit) + 1n;
  return { ...body, gas_limit: String(gasLimit), max_fee: String(2n * fee) };
}

// Send a signed transaction and wait until it is in a block. Sending the same bytes again does no harm.
export async function send(url, { id, transaction }, { timeoutMs = 30_000 } = {}) {
  await call(url, 'dao_sendRawTransaction', { transaction });
  const answer = await call(url, 'dao_getTransaction', { tx_id: id, wait_ms: timeoutMs });
  if (answer.status !== 'committed') throw new Error(`no block has ${id} after ${timeoutMs} ms, and one still may`);
  return answer;
}
