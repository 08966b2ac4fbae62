"""The funds of the DAO: spends that proposals approve, within a rolling outflow limit. Start with README.md.

It imports the ledger and primitives, and no other module: accounts and proposals are known by shapes in expected.py.
It must not know how a proposal was decided.
"""
