"""Sans-I/O BFT consensus: Jolteon with commit votes.

`Core.step(event) -> tuple[Effect, ...]` is the whole interface. `docs/consensus.md` has the protocol on one page. Start
reading with `core.py`, then `safety.py` (the rules for signatures), then the file of the input that interests you
(`on_*.py`) and `reactions.py`.

May import `daonode.primitives` only. Must not know what a transaction is (payload and roots are digests), hold a key,
read a clock, do I/O or log: time arrives in events, signatures are asked for by effects and verified before an event is
built (`verification.py`).
"""
