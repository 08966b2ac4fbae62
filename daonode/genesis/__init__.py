"""The genesis document: what a chain is made of, checked with paths, and the state and block that it begins with.

Start with `document.py` (the file), then `initial.py` (what follows from it). `builder.py` makes a document from a
short description. May import everything below: ledger, consensus, modules, primitives. Must not read a file or a clock.
"""
