"""The commands, one file a group; each file's `command` is what the root group runs, or `keys` for `keys_agent.py`.

A command reads its options, asks `daonode.client` or a node, and shows the result through its `Session`. Must not hold
logic that another client would need.
"""
