"""Validators: who makes blocks, where they are paid, and how reliably they propose. Start with `README.md`."""
