"""Identity: who is a member, since when, and who vouched for it. Start with `README.md`.

Knows no other module: those that use it are given its keeper.
"""
