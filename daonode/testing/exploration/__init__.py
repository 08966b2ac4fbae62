"""Bounded exhaustive exploration of the five rules: every order in which honest signers can be asked, up to a round.

Four validators of equal power, one of them Byzantine, and a network that is the adversary's. What has been signed
exists; whatever certificate can be made of it, with the Byzantine signature added, may be shown to anyone at any time.
The Byzantine validator leads every round and proposes any block on any certified one, in as many copies as are wanted.
So a state is three signers, each with its safety state and what it has signed, and a step is one more signature.

The rules are the product's: `safety.decide` judges each request, `is_highest_stated_qc`, `is_consecutive` and
`is_two_chain` each certificate, `ValidatorSet.is_quorum` each count. What counts as a fault is judged here: two
certified blocks in a round (I2), a certified block that does not extend one that may be committed (I4), a safety state
that falls (I3), a signer who is slashable (I6).

Start with `exploring.py`; `blocks.py` is what may be proposed, `signers.py` who may sign it.
"""
