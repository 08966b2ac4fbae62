"""Twins: every way to split a small network in two, round by round, with liars that follow the protocol twice.

Bano et al., "Twins: BFT Systems Made Robust" (OPODIS 2021). A Byzantine validator is two replicas with one identity
that know nothing of one another, so whatever it signs is well formed and contradicts itself. A scenario names, for each
of its rounds, a leader and who stands on which side; nothing passes between the sides. In a round a leader proposes
once, its side votes and commits, and whoever has come no further gives the round up. Between two rounds all restart:
what is left is what is durable, so the signer's rules stand alone, without what a running core remembers; and twins
forget what they have signed.

The replicas are the product's `Core`, judging by the product's rules. What counts as a fault is judged by the
simulation's oracle, which counts a liar as one that has signed everything.

Start with `exploring.py`, which goes through all scenarios or draws some; `playing.py` plays one round, `machines.py`
is one replica, `moves.py` is what a round may be and which of them are alike.
"""
