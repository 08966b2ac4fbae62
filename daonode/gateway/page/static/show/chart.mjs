// Charts as inline SVG: a line in steps, and bars. Colours come from the style sheet.

import { h } from './dom.mjs';

const WIDTH = 640;
const HEIGHT = 160;
const PADDING = 6;
const MAX_BARS = 48;

// `points` are `{time, value}`, ascending, values BigInt; a value holds until the next. `label` says it in words.
export function stepChart(points, { label, until }) {
  const [first, last] = [points[0].time, Math.max(until, points.at(-1).time)];
  const values = points.map(({ value }) => value);
  const top = values.reduce((most, value) => (value > most ? value : most), 1n);
  const x = (time) => (last === first ? 0 : ((time - first) / (last - first)) * WIDTH);
  const y = (value) => HEIGHT - PADDING - (Number((value * 10_000n) / top) / 10_000) * (HEIGHT - 2 * PADDING);
  let line = `M0 ${y(points[0].value).toFixed(1)}`;
  for (const { time, value } of points.slice(1)) line += `H${x(time).toFixed(1)}V${y(value).toFixed(1)}`;
  line += `H${WIDTH}`;
  return h(
    'svg',
    {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      class: 'chart',
      role: 'img',
      'aria-label': label,
      preserveAspectRatio: 'none',
    },
    h('line', { x1: 0, x2: WIDTH, y1: HEIGHT - PADDING, y2: HEIGHT - PADDING, class: 'axis' }),
    h('path', { d: `${line}V${HEIGHT - PADDING}H0Z`, class: 'area' }),
    h('path', { d: line, class: 'line' }),
  );
}

// The last values as bars, the newest at the right; logarithmic, since one may be a thousand times another.
export function barChart(values, { label }) {
  const shown = values.slice(-MAX_BARS);
  const top = Math.max(...shown, 1);
  const step = WIDTH / MAX_BARS;
  return h(
    'svg',
    { viewBox: `0 0 ${WIDTH} 48`, class: 'bars', role: 'img', 'aria-label': label, preserveAspectRatio: 'none' },
    shown.map((value, at) => {
      const height = Math.max(2, (Math.log1p(value) / Math.log1p(top)) * 46);
      return h('rect', {
        x: (MAX_BARS - shown.length + at) * step + 1.5,
        y: 48 - height,
        width: step - 3,
        height,
        rx: 1.5,
      });
    }),
  );
}
