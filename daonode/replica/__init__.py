"""Everything that a validator decides, without I/O: events in, effects out.

`Replica.step(event) -> tuple[Effect, ...]` composes the consensus core, block execution, the mempool and block sync.
Start with `replica.py`; `jobs.py` is what takes long and may be done elsewhere, `layout.py` says what is on disk,
`archive.py` reads it, `intake.py` turns bytes from peers into checked messages.

May import `genesis`, `ledger`, `consensus` and `primitives`. Must not do I/O, read a clock, hold a key or log: the
driver (`daonode.node`, or the simulator in `daonode.testing`) does what the effects say, in their order.
"""
