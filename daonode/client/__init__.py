"""What a wallet, a script or the command needs of a chain: keys, transactions, RPC, and verification without trust.

Start with `wallet.py` (a key that signs) and `transactions.py` (what it signs); `keystore.py` keeps keys in files,
`agent.py` asks the process that holds unlocked ones (`agent_server.py`), `rpc.py` asks nodes, `submission.py` sends and
waits, `light.py` verifies what a node answers against the genesis document alone. `proposal_file.py` and
`transaction_file.py` are the files that people edit and pass around.

Everything is synchronous. May import `genesis` and what stands below it. Must not import the command, the node or the
replica, and prints nothing: errors (`errors.py`) say what was wrong and what would be right.
"""
