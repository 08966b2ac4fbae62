"""Broken versions of the product, one for each clause of the safety rules and of the order of persisting.

A mutant replaces one named condition while a run is played; the oracle must notice. Start with `catalogue.py`, which
lists them all; `hunting.py` plays runs until one is killed. `rules.py` breaks rules 1 to 3, `certificates.py` rules 4
and 5 and the counting of votes, `epochs.py` what divides epochs, `persistence.py` what must be durable before what,
`pruning.py` what may be deleted, `inclusion.py` who gets into a block, `syncing.py` what is checked of fetched blocks,
`snapshots.py` of a snapshot.

May import everything that `testing` may; nothing but tests and the command may import it.
"""
