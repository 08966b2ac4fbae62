"""Roots, proofs and stored bytes of fixed states never change.

`DAONODE_APPROVE_GOLDEN=1` writes them anew: a decision, not a fix.
"""

import json
import os
from hashlib import sha256
from pathlib import Path

from daonode.ledger.tree import OverlayReader, prove, prove_range, update
from daonode.primitives.codec import encode

GOLDEN = Path(__file__).with_name("golden.json")
FIRST, LAST = b"\x3a" + bytes(31), b"\xc5" + b"\xff" * 31
COUNTS = (0, 1, 2, 3, 16, 17, 100, 1000)


def measured() -> dict[str, dict[str, str]]:
    """Per number of keys: the root, the root after deleting a third, proofs of keys and a range, a digest of nodes."""
    table = {}
    for count in COUNTS:
        state = [(b"key %d" % number, b"value %d" % number) for number in range(count)]
        first = update(OverlayReader(None, {}), previous_version=None, version=1, changes=state)
        reader = OverlayReader(None, dict(first.nodes))
        second = update(
            reader, previous_version=1, version=2, changes=[(b"key %d" % number, None) for number in range(0, count, 3)]
        )
        both = OverlayReader(reader, dict(second.nodes))
        stored = b"".join(key + node for key, node in (*first.nodes, *second.nodes))
        table[str(count)] = {
            "root": first.root.hex(),
            "root_after_deletion": second.root.hex(),
            "proof_of_key_1": encode(prove(both, version=2, key=b"key 1")).hex(),
            "proof_of_key_0": encode(prove(both, version=2, key=b"key 0")).hex(),
            "proof_of_range": encode(prove_range(both, version=2, first=FIRST, last=LAST)).hex(),
            "stored_nodes_sha256": sha256(stored).hexdigest(),
        }
    return table


def test_roots_proofs_and_nodes_are_those_of_the_golden_file() -> None:
    table = measured()
    if os.environ.get("DAONODE_APPROVE_GOLDEN") == "1":
        GOLDEN.write_text(json.dumps(table, indent=2) + "\n")
    assert table == json.loads(GOLDEN.read_text())
