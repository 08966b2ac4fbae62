// Asks the gateway: the resources under /api, and a node's JSON-RPC through /rpc.

import { call } from '../chain/wallet.mjs';

export const RPC = '/rpc';
const MAX_PAGE = 100;
const ANSWER_MS = 20_000;

// An answer that is none. `message` is for people, `status` that of HTTP, 0 where nothing answered.
export class ApiError extends Error {
  constructor(message, status, hint = '') {
    super(message);
    this.status = status;
    this.hint = hint;
  }
}

// A resource, for example `get('proposals', {status: 'deciding'})`; empty filters are left out.
export async function get(path, filters = {}) {
  const given = Object.entries(filters).filter(([, value]) => value !== '' && value !== null && value !== undefined);
  const query = new URLSearchParams(given).toString();
  return read(`/api/${path}${query ? `?${query}` : ''}`, { headers: { Accept: 'application/json' } });
}

// The same, or null where there is no such thing.
export async function find(path) {
  try {
    return await get(path);
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
}

// The first `wanted` items of a list: `{items, more}`.
export async function list(path, filters, wanted) {
  const items = [];
  let cursor = null;
  if (wanted === 0) return { items, more: false };
  do {
    const page = await get(path, { ...filters, cursor, limit: Math.min(wanted - items.length, MAX_PAGE) });
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor && items.length < wanted);
  return { items, more: Boolean(cursor) };
}

// Hand in a signed transaction, in `0x` hex.
export const post = (transaction) =>
  read('/api/transactions', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ transaction }),
  });

export const rpc = (method, params) => call(RPC, method, params);

async function read(url, options) {
  let answer;
  try {
    answer = await fetch(url, { ...options, signal: AbortSignal.timeout(ANSWER_MS) });
  } catch {
    throw new ApiError('The gateway does not answer.', 0, 'It may be starting again. This page keeps trying.');
  }
  const body = await answer.json().catch(() => null);
  if (answer.ok && body !== null) return body;
  throw new ApiError(
    body?.detail ?? body?.title ?? `The gateway answered ${answer.status}.`,
    answer.status,
    body?.hint,
  );
}
