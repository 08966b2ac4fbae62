"""Golden bytes of a module's records, in a JSON file beside its test.

`DAONODE_APPROVE_GOLDEN=1` writes the file anew: a decision about the protocol, not a fix.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgpack

from daonode.ledger.module import Module
from daonode.primitives.codec import Record, decode, encode

APPROVAL = "DAONODE_APPROVE_GOLDEN"


def check_golden(path: Path, actual: Mapping[str, str]) -> None:
    """Compare with the file, or write it where the environment approves."""
    if os.environ.get(APPROVAL) == "1":
        path.write_text(json.dumps(actual, indent=2) + "\n")
    assert dict(actual) == json.loads(path.read_text()), f"bytes changed; {APPROVAL}=1 approves the new ones"


def encodings(records: Sequence[Record]) -> dict[str, str]:
    """The hex of each record under its type's name, numbered where a type has several; each is read back."""
    found: dict[str, str] = {}
    for record in records:
        data = encode(record)
        assert decode(data, type(record)) == record
        # An encoder that knows nothing of types agrees that these bytes are MessagePack in its shortest form.
        assert msgpack.packb(msgpack.unpackb(data)) == data
        name = type(record).__name__
        number = sum(key.split("#", maxsplit=1)[0] == name for key in found)
        found[f"{name}#{number}" if number else name] = data.hex()
    return found


def missing_examples(module: Module, records: Sequence[Record]) -> set[str]:
    """Messages and events of the module of which no example is pinned."""
    expected = {type_.__name__ for type_ in (*module.messages, *module.events)}
    return expected - {type(record).__name__ for record in records}
