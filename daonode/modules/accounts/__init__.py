"""Accounts: who may send, who holds what, and who can vote with it. Start with `README.md`."""
