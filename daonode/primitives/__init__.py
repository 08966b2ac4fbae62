"""The ground that every other part stands on: values, bytes, hashes, signatures, addresses and proofs.

Start with ``ids`` (the names of things), ``codec`` (how values become bytes) and ``hashing`` (how bytes
become names). The other files are leaves: ``signatures``, ``derivation``, ``addresses``, ``units`` and ``times``,
``merkle`` and ``state_proof``, ``json_form`` and ``json_schema`` (values for people and other programs), and what
checks text from outside, ``hidden_text`` and ``nesting``.

Rules: everything here is a pure function of its arguments; the same arguments give the same bytes on every
machine. Nothing here may import another part of daonode, read a clock, draw randomness or do I/O.
"""
