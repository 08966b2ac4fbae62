"""JSON-RPC 2.0 over HTTP, the status page, health and metrics of one node.

Start here: `serve` listens and answers (`serving.py`). A request passes `web.py` (HTTP), `strict_json.py` (its JSON),
`dispatch.py` (calls and batches, the table `METHODS`) and one function of the `*_methods.py`, which sees the node
through `daonode.node.api.NodeApi`. `results.py` says what each method answers. Nothing here decides anything or writes.
"""

from daonode.node.rpc.methods import METHODS
from daonode.node.rpc.serving import ListenError, serve, serve_metrics

__all__ = ["METHODS", "ListenError", "serve", "serve_metrics"]
