// What happens on the chain, as it happens: over a WebSocket, and by asking again and again where there is none.

import { get } from './api.mjs';

const PROTOCOL = 'graphql-transport-ws';
const POLL_MS = 2_000;
const ACKNOWLEDGED_MS = 5_000;
const RETRY_MS = [1_000, 5_000, 15_000, 60_000];
const SUBSCRIPTIONS = {
  blockAdded: 'position block { height time interval_ms: intervalMs }',
  proposalChanged: 'position proposal { number }',
  voteCast: 'position proposal { number }',
};
const documentOf = (name, fields) => `subscription ($since: Position) { ${name}(since: $since) { ${fields} } }`;

// Follows until the page is closed. `onBlock({height, time, interval_ms})` is called for each block that is heard of,
// `onChange({kind, number})` where something else changed (`kind` is `any` where it is not known what), and
// `onState('live' | 'polling' | 'offline')` when the way of following changes.
export function follow({ onBlock, onChange, onState }) {
  const positions = {};
  let [attempts, height, isLive] = [0, 0, false];

  const seen = (block) => {
    if (block.height <= height) return false;
    height = block.height;
    onBlock(block);
    return true;
  };

  async function poll() {
    if (isLive || document.hidden) return;
    try {
      const status = await get('status');
      if (isLive) return;
      onState('polling');
      if (seen(status)) onChange({ kind: 'any' });
    } catch {
      if (!isLive) onState('offline');
    }
  }

  function connect() {
    const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/graphql`, PROTOCOL);
    const say = (message) => socket.send(JSON.stringify(message));
    const deadline = setTimeout(() => socket.close(), ACKNOWLEDGED_MS);
    const hear = {
      connection_ack() {
        clearTimeout(deadline);
        [isLive, attempts] = [true, 0];
        onState('live');
        // What happened before the first subscription of this page began.
        onChange({ kind: 'any' });
        for (const [id, fields] of Object.entries(SUBSCRIPTIONS)) {
          const variables = { since: positions[id] ?? null };
          say({ type: 'subscribe', id, payload: { query: documentOf(id, fields), variables } });
        }
      },
      ping() {
        say({ type: 'pong' });
      },
      next({ id, payload }) {
        const event = payload.data?.[id];
        if (!event) return;
        positions[id] = event.position;
        if (id === 'blockAdded') seen(event.block);
        else onChange({ kind: id, number: event.proposal.number });
      },
      error({ id }) {
        // What cannot be resumed, as because too much happened, is asked for anew.
        delete positions[id];
        socket.close();
      },
    };
    socket.onopen = () => say({ type: 'connection_init' });
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      hear[message.type]?.(message);
    };
    socket.onclose = () => {
      clearTimeout(deadline);
      isLive = false;
      setTimeout(connect, RETRY_MS[Math.min(attempts, RETRY_MS.length - 1)]);
      attempts += 1;
      poll();
    };
  }

  setInterval(poll, POLL_MS);
  document.addEventListener('visibilitychange', poll);
  connect();
}
