"""Public test bench: real replicas on virtual time, a network and disks that fail, and an oracle that judges the run.

Start with `simulation.py` (one run), then `faults.py` (what happens to it), `oracle.py` (what must hold anyway) and
`seeds.py` (many runs). `python -m daonode.testing replay --seed N` shows one run again.

May import everything below `cli`, and randomness: every run is a function of its seed alone. The oracle restates the
invariants and must not call the code that it judges.
"""
