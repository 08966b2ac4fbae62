"""Values of any message type at the edges of what its fields may hold."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

from msgspec import inspect

from daonode.ledger.transactions import Call
from daonode.primitives.codec import Record, encode

NUMBERS: Final = (0, 1, 2, 3, 255, 256, 65_535, 65_536, 10**6, 10**7, 2**32, 2**63 - 1, 2**64 - 1)
TEXTS: Final = ("", "a", "dao", "usd", "usd\n", "\u202e", "\x00", "z" * 33, "é" * 20, "1", "\u017f", "\U0001f600" * 100)
COUNTS: Final = (0, 1, 1, 2, 3, 17, 40)


class Extremes:
    """A source of messages: the same seed gives the same ones. `ids` are 32-byte values that mean something."""

    def __init__(self, seed: int, *, types: Sequence[tuple[str, type[Record]]], ids: Sequence[bytes]) -> None:
        self._random = random.Random(seed)
        self._types = tuple(types)
        self.ids = list(ids)

    def call(self) -> Call:
        """A call of any type; a few are cut off or have the name of another."""
        name, type_ = self._random.choice(self._types)
        body = encode(self._value(inspect.type_info(type_), depth=0))
        chance = self._random.random()
        if chance < 0.05:
            body = body[:-1]
        elif chance < 0.08:
            name = self._random.choice(TEXTS)
        return Call(type=name, body=body)

    def _value(self, shape: inspect.Type, *, depth: int) -> object:
        choose = self._random.choice
        match shape:
            case inspect.Metadata():
                return self._value(shape.type, depth=depth)
            case inspect.IntType():
                return choose(NUMBERS)
            case inspect.StrType():
                return choose(TEXTS)
            case inspect.BytesType():
                return choose(self.ids) if self._random.random() < 0.9 else b"x" * choose((0, 31, 64, 300))
            case inspect.BoolType():
                return choose((False, True))
            case inspect.LiteralType():
                return choose(shape.values)
            case inspect.UnionType():
                return self._value(choose(shape.types), depth=depth)
            case inspect.VarTupleType():
                count = choose(COUNTS) if depth < 2 else 1
                return tuple(self._value(shape.item_type, depth=depth + 1) for _ in range(count))
            case inspect.StructType() if shape.cls is Call:
                return Call(type=choose(self._types)[0], body=b"\xc0") if depth > 2 else self.call()
            case inspect.StructType():
                return shape.cls(**{each.name: self._value(each.type, depth=depth + 1) for each in shape.fields})
            case _:
                return None
