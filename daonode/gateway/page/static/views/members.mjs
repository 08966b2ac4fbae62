// The members: who decides here.

import { list } from '../data/api.mjs';
import { h } from '../show/dom.mjs';
import { count, shortAddress, visible } from '../show/format.mjs';
import { ago, empty, heading, link, moreButton, row, table } from '../show/parts.mjs';

export const title = () => 'Members';
export const follows = () => true;

export const load = ({ query, wanted }) =>
  list('members', { active: query.get('former') ? '' : 'true', q: query.get('q') }, wanted);

export function show({ items, more }, { query, filter, showMore }) {
  return [
    heading('Members'),
    h(
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
          placeholder: 'A name',
          oninput: ({ target }) => filter('q', target.value),
        }),
      ),
      h(
        'label',
        { class: 'check' },
        h('input', {
          type: 'checkbox',
          checked: Boolean(query.get('former')),
          onchange: ({ target }) => filter('former', target.checked ? '1' : ''),
        }),
        h('span', {}, 'Former members too'),
      ),
    ),
    h('p', { class: 'hidden', role: 'status' }, `${count(items.length, 'member')}${more ? ' and more' : ''} listed.`),
    items.length
      ? h(
          'div',
          { class: 'card' },
          table('Members', ['Name', 'Role', 'Votes', 'Proposals', 'Member since'], items.map(memberRow)),
        )
      : empty(query.get('q') ? 'Nobody has such a name.' : 'There is no member yet.'),
    moreButton(more, showMore),
  ];
}

const memberRow = ({ address, name, role, active, votes_cast: votes, proposals_made: made, registered_at: since }) =>
  row(
    address,
    link(
      `members/${address}`,
      h('span', { class: 'name' }, visible(name)),
      ' ',
      h('code', { title: address }, shortAddress(address)),
    ),
    active ? visible(role) || '–' : 'former member',
    String(votes),
    String(made),
    ago(since),
  );
