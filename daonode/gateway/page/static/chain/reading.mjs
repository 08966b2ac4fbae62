// Reads the bytes that a wallet is about to sign, so that what is shown is what is signed and not what led to it.

import { decode } from './proof.mjs';
import { BODY, MESSAGES, encode, encodeAddress, hex, toWire, unhex } from './wallet.mjs';

const SCALARS = {
  text: (value) => value,
  number: Number,
  u64: String,
  bytes: hex,
  account: (value) => encodeAddress(value, 'dao'),
  validator: (value) => encodeAddress(value, 'daoval'),
  time: (value) => new Date(Number(value)).toISOString(),
  duration: (value) => `${value}ms`,
};

// A decoded value in the JSON form that `toWire` takes: the way back.
function fromWire(form, value) {
  if (typeof form === 'string') return SCALARS[form](value);
  if (Array.isArray(form)) return value.map((item) => fromWire(form[0], item));
  if (form.optional) return value === null ? null : fromWire(form.optional, value);
  if (form.union) return { kind: value[0], ...fromWire(form.union[value[0]], value.slice(1)) };
  const fields = Object.entries(form);
  return Object.fromEntries(fields.map(([name, inner], at) => [name, fromWire(inner, value[at])]));
}

// The body that these bytes are, its messages as `{type, value}`. Throws where a message is of a type that the wallet
// cannot show, and where the bytes are not exactly the encoding of what was read.
export function readBody(bytes) {
  const body = fromWire(BODY, decode(bytes));
  const wire = toWire(BODY, body);
  if (hex(encode(wire)) !== hex(bytes)) throw new Error('these bytes are not in canonical form');
  return { ...body, messages: body.messages.map(readMessage) };
}

function readMessage({ type, body }) {
  const form = MESSAGES[type];
  if (!form) throw new Error(`this wallet does not know ${type}, so it cannot show what would be signed`);
  const value = fromWire(form, decode(unhex(body)));
  if (hex(encode(toWire(form, value))) !== body) throw new Error(`${type} is not in canonical form`);
  return { type, value };
}
