"""HTTP/1.1 and WebSockets for whoever reaches the address: every wait, buffer and count of a client is bounded.

Start with `server.py`: `serve` takes an ASGI application, WebSockets (`websockets.py`) and the `Service` behind them
(`service.py`: its guard, its limits, its metrics, and how it words a refusal). A connection passes `connection.py`, its
first head under a limit, and goes to `http_one.py`, or through `handshake.py` to a `websocket.py` with its `outbox.py`.
An application finds here what all of them need: `asgi.py`, `body.py`, `budgets.py`.

Imports nothing of ours but `primitives`. Must not know what is served: no JSON-RPC, no GraphQL, no node.
"""
