// One member, or any other account: what it holds, whom it trusts with its power, and how it voted.

import { find, get } from '../data/api.mjs';
import { chain, powerOn } from '../data/chain.mjs';
import { h } from '../show/dom.mjs';
import { powerText, shortAddress, visible } from '../show/format.mjs';
import { account, ago, choice, empty, facts, heading, link, money, row, section, table } from '../show/parts.mjs';

export const title = ({ who }) => (who.name ? visible(who.name) : shortAddress(who.address));
export const follows = ({ kind }) => kind !== 'block';

export async function load({ parts: [address] }) {
  const place = encodeURIComponent(address);
  const member = await find(`members/${place}`);
  if (member) return { who: member, isMember: true };
  const [known, votes] = await Promise.all([get(`accounts/${place}`), get('votes', { voter: address })]);
  return { who: { ...known, address, votes: votes.items }, isMember: false };
}

export function show({ who, isMember }) {
  const {
    address,
    votes = [],
    balances = [],
    delegations: { given, received },
  } = who;
  return [
    heading(isMember ? visible(who.name) : 'Account'),
    isMember && who.about ? h('p', { class: 'lead' }, visible(who.about)) : null,
    h('p', { class: 'address' }, h('code', {}, address)),
    h(
      'div',
      { class: 'columns' },
      h(
        'div',
        {},
        section('Votes', h('div', { class: 'card' }, votes.length ? votesTable(votes) : empty('None yet.'))),
        section('Delegation', h('div', { class: 'card' }, delegations(received, given))),
      ),
      h(
        'div',
        {},
        section('Facts', h('div', { class: 'card' }, memberFacts(who, isMember))),
        section(
          'Balances',
          h(
            'div',
            { class: 'card' },
            balances.length
              ? facts(...balances.map((each) => [each.asset.toUpperCase(), money(each.amount, each.asset)]))
              : empty('It holds nothing.'),
          ),
        ),
      ),
    ),
  ];
}

const memberFacts = (who, isMember) =>
  isMember
    ? facts(
        ['Membership', who.active ? 'active' : 'ended'],
        who.role && ['Role', visible(who.role)],
        ['Since', ago(who.registered_at)],
        who.registrar && ['Registered by', account(who.registrar)],
        ['Votes cast', String(who.votes_cast)],
        ['Proposals made', String(who.proposals_made)],
      )
    : facts(['Membership', 'not a member']);

const votesTable = (votes) =>
  table(
    'Votes',
    ['Proposal', 'Vote', 'Reason', 'When'],
    votes.map((vote) =>
      row(
        vote.proposal,
        link(`proposals/${vote.proposal_number}`, `#${vote.proposal_number}`),
        choice(vote.choice),
        visible(vote.reason) || '–',
        ago(vote.time),
      ),
    ),
  );

function delegations(received, given) {
  if (!received.length && !given.length) return empty('It votes for itself alone.');
  const line = (text, { track, power }, other) =>
    h(
      'li',
      {},
      text,
      ' ',
      account(other),
      ' on ',
      chain.tracks.get(track)?.name ?? `track ${track}`,
      ` (${powerText(power, powerOn(track))})`,
    );
  return h(
    'ul',
    { class: 'plain' },
    given.map((each) => line('Votes through', each, each.delegate)),
    received.map((each) => line('Votes for', each, each.delegator)),
  );
}
