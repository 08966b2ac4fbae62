// The list of proposals, with filters that stand in the address.

import { list } from '../data/api.mjs';
import { chain, powerOn } from '../data/chain.mjs';
import { h } from '../show/dom.mjs';
import { visible } from '../show/format.mjs';
import { account, ago, badge, empty, heading, link, moreButton } from '../show/parts.mjs';
import { tallyOf } from '../show/tally.mjs';
import { STATUS_NAMES, isOpen, statusWords } from '../show/words.mjs';
import { isBeforeVote } from './proposal.mjs';

export const title = () => 'Proposals';
export const follows = ({ kind }) => kind !== 'block';

export const load = ({ query, wanted }) =>
  list('proposals', { status: query.get('status'), track: query.get('track'), q: query.get('q') }, wanted);

export function show({ items, more }, { query, filter, showMore }) {
  const isFiltered = ['status', 'track', 'q'].some((name) => query.get(name));
  return [
    heading('Proposals'),
    filters(query, filter),
    h('h2', { class: 'hidden' }, 'What was found'),
    h('p', { class: 'hidden', role: 'status' }, `${items.length}${more ? ' and more' : ''} proposals are listed.`),
    items.length
      ? h('div', { class: 'cards wide' }, items.map(proposalCard))
      : empty(isFiltered ? 'No proposal is like that. Take a filter away.' : 'Nobody has proposed anything yet.'),
    moreButton(more, showMore),
  ];
}

function filters(query, filter) {
  const option = (value, text, chosen) => h('option', { value, selected: value === chosen }, text);
  const select = (name, label, choices) =>
    h(
      'label',
      {},
      h('span', {}, label),
      h(
        'select',
        { name, onchange: ({ target }) => filter(name, target.value) },
        option('', 'All', query.get(name) ?? ''),
        choices.map(([value, text]) => option(value, text, query.get(name))),
      ),
    );
  const labels = STATUS_NAMES.map((name) => [name, statusWords(name).label]);
  const statuses = labels.map(([name, label], at) => [
    name,
    labels.findIndex((other) => other[1] === label) === at ? label : `${label}: ${name.replace('_', ' ')}`,
  ]);
  const tracks = [...chain.tracks.values()].map((track) => [String(track.id), track.name]);
  return h(
    'form',
    { class: 'filters', role: 'search', onsubmit: (event) => event.preventDefault() },
    h(
      'label',
      { class: 'grow' },
      h('span', {}, 'Search'),
      h('input', {
        type: 'search',
        name: 'q',
        value: query.get('q') ?? '',
        placeholder: 'Words of the title or text',
        oninput: ({ target }) => filter('q', target.value),
      }),
    ),
    select('status', 'Status', statuses),
    tracks.length > 0 && select('track', 'Track', tracks),
  );
}

// A proposal in one line.
export const proposalLine = ({ number, status, title: name, submitted_at: since }) =>
  h(
    'li',
    { 'data-key': `proposal-${number}` },
    h(
      'span',
      {},
      badge(status),
      ' ',
      link(`proposals/${number}`, visible(name)),
      h('span', { class: 'muted' }, ` #${number}`),
    ),
    ago(since),
  );

export function proposalCard(proposal) {
  const { number, status, proposer, track } = proposal;
  const { next } = statusWords(status);
  return h(
    'article',
    { class: 'card proposal', 'data-key': `proposal-${number}` },
    h(
      'div',
      { class: 'line' },
      badge(status),
      h('span', { class: 'muted' }, `#${number}`),
      h('span', { class: 'muted' }, chain.tracks.get(track)?.name ?? proposal.track_name ?? ''),
      proposal.next_change && next && h('span', { class: 'due' }, `${next} `, ago(proposal.next_change)),
    ),
    h('h3', {}, link(`proposals/${number}`, visible(proposal.title))),
    isBeforeVote(status) ? null : tallyOf(proposal, powerOn(track), { short: true }),
    h(
      'p',
      { class: 'by' },
      'by ',
      account(proposer),
      isOpen(status) ? null : [' · submitted ', ago(proposal.submitted_at)],
    ),
  );
}
