"""The public side: REST, GraphQL, a proxy to the node and the web page, over a store that an indexer fills.

Start here: `running.py` runs the process, `app.py` puts it together. `rest/` has the resources, `clients.py` says who
asks and may spend how much, `nodes.py` reaches the node, `problems.py` says what was wrong. It holds nothing that a
second gateway on the same store would need. May import `stores`, `httpd`, `client` and what stands below. Must not
import the node or the indexer: it reads rows and speaks JSON-RPC.
"""
