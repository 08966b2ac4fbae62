"""Accounts: who may send, who holds what, and who can vote with it. Start with `README.md`.

Knows no other module: those that use it are given its keeper, and who is paid for a block is told to it.
"""
