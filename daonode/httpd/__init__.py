"""HTTP/1.1 and WebSockets for whoever reaches the address: every wait, buffer and count of a client is bounded.

A connection passes `connection.py` (its first head under a limit) and goes to `http_one.py`, which runs an ASGI
application, or to `handshake.py` and from there to a WebSocket with its `outbox.py`. `budgets.py` says who may spend
how much. Imports nothing of ours but `primitives`, and must not know what is served: no JSON-RPC, no GraphQL, no node.
"""
