"""JSON-RPC 2.0 over HTTP, the status page, health and metrics of one node.

Start here: `serve` answers on an address (`serving.py`; `daonode.httpd` listens and bounds). A request passes `web.py`
(HTTP) or `session.py` (a WebSocket), `dispatch.py` (calls and batches, the table `METHODS`) and one function of the
`*_methods.py`, which sees the node through `daonode.node.api.NodeApi`. `results.py` says what each method answers.
Nothing here decides anything or writes.
"""

from daonode.httpd.server import ListenError
from daonode.node.rpc.methods import METHODS
from daonode.node.rpc.serving import serve, serve_metrics

__all__ = ["METHODS", "ListenError", "serve", "serve_metrics"]
