// What every view needs to know of the chain: its id and height, its assets, its tracks, and the names of its members.

import { count } from '../show/format.mjs';
import { get, list } from './api.mjs';

const MAX_TRACKS = 64;
const NAMED = 300; // Members whose names are shown beside their addresses; others show the address alone.

export const chain = {
  status: null,
  assets: new Map(),
  native: null,
  tracks: new Map(),
  names: new Map(),
  members: '',
};

// Fill `chain`.
export async function loadChain() {
  const [status, treasury, tracks, members] = await Promise.all([
    get('status'),
    get('treasury'),
    list('tracks', {}, MAX_TRACKS),
    list('members', {}, NAMED),
  ]);
  chain.status = status;
  chain.assets = new Map(treasury.assets.map((asset) => [asset.asset, asset]));
  chain.native = treasury.assets.find((asset) => asset.native) ?? null;
  const active = members.items.filter((member) => member.active).length;
  chain.members = members.more ? `More than ${count(active, 'member')}` : count(active, 'member');
  chain.names = new Map(members.items.map(({ address, name }) => [address, name]));
  chain.tracks = new Map(tracks.items.map((track) => [track.id, track]));
}

// Power on a track as people read it: `{decimals, unit}`. Members count one each, coins by their amount.
export function powerOn(track) {
  if (chain.tracks.get(track)?.weight === 'member') return { decimals: 0, unit: 'members' };
  return { decimals: chain.native?.decimals ?? 0, unit: (chain.native?.asset ?? '').toUpperCase() };
}

export const decimalsOf = (asset) => chain.assets.get(asset)?.decimals ?? 0;
