import assert from 'node:assert/strict';
import test from 'node:test';
import {
  amount,
  basisPoints,
  coin,
  count,
  distance,
  duration,
  exactPower,
  interval,
  percent,
  period,
  portion,
  powerText,
  roughly,
  shortAddress,
  shortHex,
  visible,
  whole,
} from '../../../../daonode/gateway/page/static/show/format.mjs';

test('amounts are exact, whatever their size', () => {
  assert.equal(amount('25000500000', 6), '25,000.5');
  assert.equal(amount('5', 6), '0.000005');
  assert.equal(amount('0', 6), '0');
  assert.equal(amount(1_000_000n, 6), '1');
  assert.equal(amount('18446744073709551615', 6), '18,446,744,073,709.551615');
  assert.equal(amount('18446744073709551615', 18), '18.446744073709551615');
  assert.equal(amount('1234', 0), '1,234');
});

test('rough amounts are rounded down and never say nothing of something', () => {
  assert.equal(roughly('6000000000000', 6), '6M');
  assert.equal(roughly('999950000000', 6), '999k');
  assert.equal(roughly('5999989999908', 6), '5.99M');
  assert.equal(roughly('12345678900000', 6), '12.3M');
  assert.equal(roughly('1234567890000000000000', 6), '1,234T');
  assert.equal(roughly('1999999', 6), '1');
  assert.equal(roughly('5', 6), '0.000005');
  assert.equal(roughly('0', 6), '0');
});

test('fractions of large amounts are left out where the exact one is near', () => {
  assert.equal(whole('9975000000192', 6), '9,975,000');
  assert.equal(whole('999000192', 6), '999.000192');
});

test('power is counted in coins or members', () => {
  assert.equal(powerText('2500000000', { decimals: 6, unit: 'DAO' }), '2.5k DAO');
  assert.equal(exactPower('2500000001', { decimals: 6, unit: 'DAO' }), '2,500.000001 DAO');
  assert.equal(powerText(1n, { decimals: 0, unit: 'members' }), '1 member');
  assert.equal(powerText(0n, { decimals: 0, unit: 'members' }), '0 members');
});

test('shares are rounded down, thresholds are exact', () => {
  assert.equal(percent(1n, 3n), '33.3%');
  assert.equal(percent(49_999n, 100_000n), '49.9%');
  assert.equal(percent(1n, 1n), '100%');
  assert.equal(percent(0n, 0n), '0%');
  assert.equal(basisPoints(6_667), '66.67%');
  assert.equal(basisPoints(5_000n), '50%');
  assert.equal(portion(1n, 8n), 12.5);
  assert.equal(portion(9n, 8n), 100);
  assert.equal(portion(1n, 0n), 0);
});

test('times are said as people say them', () => {
  assert.equal(duration(7_500_000), '2 hours 5 minutes');
  assert.equal(duration(604_800_000), '7 days');
  assert.equal(duration(61_000), '1 minute 1 second');
  assert.equal(duration(3), 'less than a second');
  assert.equal(period('36h'), '1 day 12 hours');
  assert.equal(period('soon'), 'soon');
  assert.equal(interval(340), '340 ms');
  assert.equal(interval(1_240), '1.2 s');
  assert.equal(interval(90_000), '2 min');
  assert.equal(distance(0, 86_400_000), '1 day ago');
  assert.equal(distance(7_200_000, 0), 'in 2 hours');
  assert.equal(distance(1, 0), 'just now');
});

test('ids are short where they stand for themselves', () => {
  const address = 'dao1utzkk8624nd6pgqk7etd9v39r07xk6uwcslnnn3c0lau65s47shqdn222z';
  assert.equal(shortAddress(address), 'dao1utzkk8…222z');
  assert.equal(shortHex(`0x${'ab'.repeat(32)}`), '0xabababab…ababab');
  assert.equal(coin('dao'), 'DAO');
  assert.equal(count(1, 'vote'), '1 vote');
  assert.equal(count(1_200, 'vote'), '1,200 votes');
});

test('characters that hide or reorder text are spelled out', () => {
  assert.equal(visible('pay \u202eecila'), 'pay [U+202E]ecila');
  assert.equal(visible('a\u200bb\u{e0041}'), 'a[U+200B]b[U+E0041]');
  assert.equal(visible('one\ttwo\nthree – ünï, 日本, עברית'), 'one\ttwo\nthree – ünï, 日本, עברית');
});
