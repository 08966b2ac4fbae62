"""Microseconds per update of the state tree, and the size of proofs, by number of keys and by batch.

Run: `python -m benchmarks.tree`. The nodes are kept in a dict, so the figures are those of the tree alone.
"""

import argparse
from statistics import median
from time import perf_counter

from daonode.ledger.tree import OverlayReader, prove, update
from daonode.primitives.codec import encode

BATCHES = (1, 10, 100, 1000)
CHANGES_PER_MEASUREMENT = 4000
PROOFS = 1000


def key_of(number: int) -> bytes:
    """Return a key as modules write them: a name, a table tag, an id."""
    return b"accounts\x01" + number.to_bytes(32)


def fill(nodes: dict[bytes, bytes], *, keys: int) -> None:
    """Write version 0 with that many keys."""
    changes = [(key_of(number), b"0") for number in range(keys)]
    nodes.update(update(OverlayReader(None, {}), previous_version=None, version=0, changes=changes).nodes)


def measure_updates(nodes: dict[bytes, bytes], *, keys: int, batch: int, version: int) -> tuple[int, float, float]:
    """Change values batch by batch; return the last version, microseconds and bytes written per change."""
    reader = OverlayReader(None, nodes)
    spent = 0.0
    written = 0
    rounds = max(3, CHANGES_PER_MEASUREMENT // batch)
    for round_number in range(rounds):
        # A large stride visits keys all over the tree, without a random number.
        chosen = [(round_number * batch + n) * 7919 % keys for n in range(batch)]
        changes: list[tuple[bytes, bytes | None]] = [(key_of(n), version.to_bytes(8)) for n in dict.fromkeys(chosen)]
        started = perf_counter()
        result = update(reader, previous_version=version, version=version + 1, changes=changes)
        spent += perf_counter() - started
        written += sum(len(node_key) + len(node) for node_key, node in result.nodes)
        nodes.update(result.nodes)
        for stale in result.stale:
            del nodes[stale]
        version += 1
    return version, spent / rounds / batch * 1e6, written / rounds / batch


def measure_proofs(nodes: dict[bytes, bytes], *, keys: int, version: int) -> tuple[float, float]:
    """Prove keys all over the tree; return the median encoded size in bytes and microseconds per proof."""
    reader = OverlayReader(None, nodes)
    started = perf_counter()
    proofs = [prove(reader, version=version, key=key_of(n * 7919 % keys)) for n in range(PROOFS)]
    spent = perf_counter() - started
    return median(len(encode(proof)) for proof in proofs), spent / PROOFS * 1e6


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, nargs="+", default=[1_000, 100_000])
    for keys in parser.parse_args().keys:
        nodes: dict[bytes, bytes] = {}
        fill(nodes, keys=keys)
        print(f"{keys} keys: {len(nodes)} nodes, {sum(map(len, nodes.values())) / keys:.0f} bytes a key")
        version = 0
        for batch in BATCHES:
            version, microseconds, written = measure_updates(nodes, keys=keys, batch=batch, version=version)
            print(f"  batch {batch:5}: {microseconds:7.1f} us and {written:6.0f} bytes an update")
        size, microseconds = measure_proofs(nodes, keys=keys, version=version)
        print(f"  proof: {size:.0f} bytes at the median, {microseconds:.1f} us")


if __name__ == "__main__":
    main()
