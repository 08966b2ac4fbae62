"""Proposals, votes, delegation, and the execution of what was decided. Start with README.md beside this file.

It imports the ledger and primitives, and no other module: accounts and members are known by the shapes in expected.py.
It must not know what the actions of a proposal do.
"""
