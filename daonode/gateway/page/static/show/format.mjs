// Numbers, times and texts as people read them. Amounts are BigInt or decimal strings: a JavaScript number would round.

const SCALES = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
];
const DATE = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const SHORT_ADDRESS = /^(dao|daoval)1(.{4,6})(.*)(.{4})$/;
const PERIODS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const MAGNITUDES = [
  [10n ** 12n, 'T'],
  [10n ** 9n, 'B'],
  [10n ** 6n, 'M'],
  [10n ** 3n, 'k'],
];
// The characters that show nothing, or move other text: those of daonode/primitives/hidden_text.py but line feed and tab.
const HIDDEN = new RegExp(
  '[\\0-\\x08\\x0b-\\x1f\\x7f-\\x9f\\xad\\u061c\\u115f\\u1160\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f' +
    '\\u3164\\ufeff\\uffa0\\ufff9-\\ufffb\\u{e0000}-\\u{e007f}]',
  'gu',
);

const grouped = (digits) => digits.replace(/\B(?=(\d{3})+$)/g, ',');

// Base units as whole coins, exact: `amount('25000500000', 6)` is `25,000.5`.
export function amount(units, decimals = 0) {
  const digits = String(units).padStart(decimals + 1, '0');
  const whole = grouped(digits.slice(0, digits.length - decimals));
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '');
  return fraction && decimals ? `${whole}.${fraction}` : whole;
}

// The same without its fraction where that says little: from a thousand on.
export function whole(units, decimals = 0) {
  const coins = BigInt(units) / 10n ** BigInt(decimals);
  return coins >= 1_000n ? grouped(String(coins)) : amount(units, decimals);
}

// The same in at most three digits, rounded down: `6M`, `5.99M`, `999k`. For places where the exact value is near.
export function roughly(units, decimals = 0) {
  const coins = BigInt(units) / 10n ** BigInt(decimals);
  const [size, letter] = MAGNITUDES.find(([each]) => coins >= each) ?? [1n, ''];
  if (size === 1n) return coins ? String(coins) : amount(units, decimals);
  const places = 3 - String(coins / size).length;
  return places > 0
    ? `${amount((coins * 10n ** BigInt(places)) / size, places)}${letter}`
    : `${grouped(String(coins / size))}${letter}`;
}

// A share in percent with one decimal, rounded down: `percent(1n, 3n)` is `33.3%`.
export function percent(part, whole) {
  if (BigInt(whole) === 0n) return '0%';
  const tenths = (BigInt(part) * 1_000n) / BigInt(whole);
  return `${tenths / 10n}${tenths % 10n ? `.${tenths % 10n}` : ''}%`;
}

// Basis points in percent, exact: `basisPoints(6667)` is `66.67%`.
export const basisPoints = (points) => `${amount(points, 2)}%`;

// Power as people read it: coins by their amount, members by their number. `power` is `{decimals, unit}`.
const unitOf = (units, unit) => (unit === 'members' && BigInt(units) === 1n ? 'member' : unit);
export const powerText = (units, { decimals, unit }) => `${roughly(units, decimals)} ${unitOf(units, unit)}`;
export const exactPower = (units, { decimals, unit }) => `${amount(units, decimals)} ${unitOf(units, unit)}`;

// A share as a number from 0 to 100, to place a mark or size a bar with.
export function portion(part, whole) {
  if (BigInt(whole) === 0n) return 0;
  const exact = Number((BigInt(part) * 10_000n) / BigInt(whole)) / 100;
  return Math.min(Math.max(exact, 0), 100);
}

export const count = (number, noun, plural = `${noun}s`) =>
  `${grouped(String(number))} ${BigInt(number) === 1n ? noun : plural}`;
export const integer = (number) => grouped(String(number));

// A length of time in its two largest units: `2 hours 5 minutes`.
export function duration(milliseconds) {
  let rest = Math.max(0, Number(milliseconds));
  const parts = [];
  for (const [unit, size] of SCALES) {
    const units = Math.floor(rest / size);
    rest -= units * size;
    if (units) parts.push(count(units, unit));
    if (parts.length === 2 || (parts.length && unit === 'second')) break;
  }
  return parts.join(' ') || 'less than a second';
}

// The same of a text such as `36h`.
export function period(text) {
  const [, units, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(text) ?? [];
  return unit ? duration(Number(units) * PERIODS[unit]) : text;
}

// A short length of time: `340 ms`, `1.2 s`, `5 min`.
export function interval(milliseconds) {
  const ms = Number(milliseconds);
  if (ms < 1_000) return `${ms} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  return ms < 3_600_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`;
}

// How far a time is from now, both in milliseconds: `in 3 days`, `2 hours ago`, `just now`.
export function distance(timeMs, nowMs) {
  const apart = Math.abs(timeMs - nowMs);
  for (const [unit, size] of SCALES) {
    const units = Math.floor(apart / size);
    if (units) return timeMs > nowMs ? `in ${count(units, unit)}` : `${count(units, unit)} ago`;
  }
  return 'just now';
}

export const moment = (time) => DATE.format(new Date(time));
export const day = (time) => DAY.format(new Date(time));
export const shortAddress = (address) => address.replace(SHORT_ADDRESS, '$11$2…$4');
export const shortHex = (id) => (id.length > 20 ? `${id.slice(0, 10)}…${id.slice(-6)}` : id);
export const coin = (asset) => asset.toUpperCase();

// Text of others with the characters that show nothing, or reorder what is around them, spelled out.
export const visible = (text) =>
  text.replace(HIDDEN, (character) => `[U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}]`);
