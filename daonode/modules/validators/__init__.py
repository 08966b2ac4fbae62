"""Validators: who makes blocks, where they are paid, and how reliably they propose. Start with `README.md`.

Knows no other module: what it needs of accounts stands in `expected.py`.
"""
