"""The network of a node: authenticated libp2p connections that carry bytes on lanes.

Start reading at `service.py` (`open_transport`), then `session.py` (one connection) and `types.py` (what goes in and
out). The transport knows peers, lanes and bytes. It must not know what a vote, a block or a transaction is, and nothing
above it may import libp2p: that import costs a second, and every known defect of the library is contained in this
folder (`muxing.py` and `sockets.py` say which and how).

| File | What it holds |
| --- | --- |
| `types.py` | lanes with their bounds, peer addresses, configuration, what `receive` returns |
| `identity.py` | peer ids from Ed25519 seeds and keys, without importing libp2p |
| `errors.py` | the errors of this package |
| `counters.py` | what metrics read |
| `framing.py` | length-prefixed frames, without I/O |
| `gate.py` | which connections from outside get a handshake |
| `allowance.py` | how fast one peer is read |
| `outbound.py`, `inbound.py` | the bounded queues on both sides |
| `sockets.py`, `muxing.py` | libp2p's TCP stream and yamux stream, bounded |
| `handshake.py` | noise and yamux negotiation, and the one supervisor around library code |
| `private.py` | noise with the key of a private network |
| `session.py` | one connection: lanes, heartbeat, end |
| `roster.py` | the peers, which connection of each is the one, back-off |
| `service.py` | `open_transport`, `Transport` |
"""
