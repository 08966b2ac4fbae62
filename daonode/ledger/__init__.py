"""Transactions, deterministic block execution, authenticated state, and the interface that native modules implement.

Start with `module.py` (what a module is), then `execution.py` (what a block does to the state).

May import `daonode.primitives`. Must not know any module, consensus, a clock or storage: the parent state is a reader
that is passed in, and what changed is a value that is returned.
"""
