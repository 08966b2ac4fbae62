"""Networks on this machine: the homes of a test network, and the processes that run them.

Start with `homes.py` (what `testnet init` writes) and `supervisor.py` (what `testnet start` runs). May import
everything below `cli`. Must not parse command lines or print: the commands beside this folder do that.
"""
