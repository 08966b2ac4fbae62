"""What rows a chain makes: pure functions of its genesis document, its blocks and the rows before.

Start here: `projector.Projector` runs all projections over blocks and returns what changes. A projection is one file:
`chain` (blocks, transactions, events), `accounts`, `identity`, `governance`, `treasury`, `validators`. What a further
one has to offer stands in `interface`, the rows it reads and changes in `draft`. May import the decoded blocks, stores,
modules and what stands below; does no I/O, reads no clock, and must not know where blocks come from.
"""
