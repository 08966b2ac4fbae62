"""Any messages of any module, in any order: the chain goes on, its invariants hold, and an export loses nothing.

Messages are made from their types by chance from a seed, with accounts, proposals and assets that exist more often than
not, so that most of them get past the first check of their handler. Not with hypothesis: one run draws some thousand
values, more than it can handle. A failure names its seed.
"""

import os
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Annotated, Any, Literal, NewType, Union, get_args, get_origin, get_type_hints

import pytest
from msgspec import Meta
from msgspec.structs import fields

from daonode.genesis.builder import TREASURY_ADDRESS
from daonode.ledger.transactions import Call
from daonode.modules.accounts.messages import SetPolicy
from daonode.modules.governance.keys import NUMBERS
from daonode.modules.governance.messages import SubmitProposal, Vote
from daonode.modules.governance.types import ProposalId, TrackId
from daonode.modules.treasury.messages import ApproveSpend
from daonode.modules.treasury.types import SpendId
from daonode.modules.validators.types import validator_id
from daonode.primitives.codec import Record
from daonode.primitives.ids import Address, ValidatorId
from daonode.primitives.units import Amount, DurationMs, TimeMs
from tests.unit.genesis.world import CONSENSUS_KEYS, NAMES, START_MS, World, address, plan

SEEDS = 24
BLOCKS = 24
MAX_U64 = 2**64 - 1
ACCOUNTS = (*(address(name) for name in NAMES), TREASURY_ADDRESS, Address(bytes(32)))
TEXTS = ("dao", "usd", "x", "", "Some text", "\x00", "a" * 300)


class Chance:
    """Makes messages for a world, from a seed."""

    def __init__(self, seed: int, world: World) -> None:
        self.random = Random(seed)
        self.world = world
        # An account whose key was changed to one that nobody has is silent from then on.
        self.types = [entry.type for entry in world.document.registry.messages.values() if entry.type is not SetPolicy]
        self.known: dict[object, Callable[[], Any]] = {
            Address: lambda: self.random.choice(ACCOUNTS),
            ValidatorId: lambda: validator_id(self.random.choice(CONSENSUS_KEYS)),
            ProposalId: self.proposal,
            TrackId: lambda: self.random.randrange(4),
            SpendId: lambda: self.random.randrange(6),
            Amount: lambda: self.random.choice([0, 1, 500, 10**7, 10**9, MAX_U64]),
            TimeMs: lambda: self.random.choice([0, START_MS, START_MS + self.random.randrange(60_000), MAX_U64]),
            DurationMs: lambda: self.random.choice([0, 1, 1_000, 60_000, MAX_U64]),
            Call: self.likely_call,
        }
        self.depth = 0

    def proposal(self) -> ProposalId:
        """A proposal of the chain, most often a recent one."""
        all_proposals = [reference.proposal for _, reference in NUMBERS.iterate(self.world.version)]
        return self.random.choice([*all_proposals[-3:], *all_proposals[:1], ProposalId(bytes(32))])

    def likely_call(self) -> Call:
        """A proposal, a vote, a payment or anything else."""
        self.depth += 1
        kind = self.random.choice(["propose", "vote", "vote", "vote", "any", "any"]) if self.depth == 1 else "act"
        match kind:
            case "propose":
                actions = tuple(self.likely_call() for _ in range(self.random.randrange(3)))
                track = TrackId(self.random.choice([0, 1, 1, 2]))
                message: Record = SubmitProposal(track, "standard", "Title", "Body", actions, plan().deposit)
            case "vote":
                message = Vote(self.proposal(), self.random.choice(["yes", "yes", "yes", "no"]))
            case "act" if self.random.randrange(3):
                asset = self.random.choice(["dao", "usd"])
                message = ApproveSpend(asset, Amount(self.random.randrange(1, 900)), self.random.choice(ACCOUNTS))
            case _:
                message = self.value(self.random.choice(self.types))
        self.depth -= 1
        return self.world.call(message)

    def value(self, hint: Any) -> Any:
        """A value that a type admits."""
        if hint in self.known:
            return self.known[hint]()
        if isinstance(hint, NewType):
            return self.value(hint.__supertype__)
        origin, arguments = get_origin(hint), get_args(hint)
        if origin is Annotated:
            meta = next((item for item in arguments[1:] if isinstance(item, Meta)), Meta())
            return self.value(arguments[0]) if get_origin(arguments[0]) else self.plain(arguments[0], meta)
        if origin in (Union, types.UnionType):
            return self.value(self.random.choice(arguments))
        if origin is tuple:
            return tuple(self.value(arguments[0]) for _ in range(self.random.randrange(3)))
        if origin is Literal:
            return self.random.choice(arguments)
        if isinstance(hint, type) and issubclass(hint, Record):
            hints = get_type_hints(hint, include_extras=True)
            return hint(**{info.name: self.value(hints[info.name]) for info in fields(hint)})
        return self.plain(hint, Meta())

    def plain(self, hint: Any, meta: Meta) -> Any:
        """A value of a plain type within its constraints."""
        if hint is int:
            low, high = int(meta.ge or 0), MAX_U64 if meta.le is None else int(meta.le)
            return self.random.choice([low, min(low + 1, high), min(low + 2, high), high])
        if hint is bytes:
            return self.random.randbytes(meta.min_length or self.random.randrange(3))
        if hint is str:
            low, high = meta.min_length or 0, meta.max_length or 300
            fitting = [text for text in TEXTS if low <= len(text) <= high]
            return self.random.choice(["dao", "usd", "new"] if meta.pattern is not None else fitting)
        return self.random.choice([False, True]) if hint is bool else None


def drive(seed: int) -> World:
    """A world after blocks of messages made by chance."""
    world = World()
    chance = Chance(seed, world)
    random = chance.random
    for _ in range(BLOCKS):
        sent = [
            (random.choice(NAMES), tuple(chance.likely_call() for _ in range(random.choice([1, 1, 2]))))
            for _ in range(random.randrange(4))
        ]
        result = world.execute(*sent, after_ms=random.choice([1, 1_000, 1_000, 5_000]))
        failed = [event for receipt in result.receipts for event in receipt.events if event.type.startswith("ledger.")]
        assert failed == []
    return world


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_messages_stop_the_chain_or_break_an_invariant(seed: int) -> None:
    drive(seed).assert_survives_export()


def test_another_process_with_another_hash_seed_comes_to_the_same_root() -> None:
    script = "from tests.property.ledger.test_whole_chain import drive; print(drive(0).version.root.hex())"
    root = Path(__file__).parents[3]
    found = subprocess.run(
        [sys.executable, "-c", script],
        cwd=root,
        env={**os.environ, "PYTHONHASHSEED": "3", "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == drive(0).version.root.hex()
