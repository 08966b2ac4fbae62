"""Range proofs: they hold for exactly the leaves between their bounds, whatever else is claimed is refused.

The reference is the set of keys itself; the tree, the prover and the verifier are the product's.
"""

from __future__ import annotations

from hashlib import sha256

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from daonode.ledger.tree import OverlayReader, build_nodes, prove_range, read_root, update
from daonode.primitives.codec import decode, encode
from daonode.primitives.ids import Hash
from daonode.primitives.range_proof import FIRST_PATH, LAST_PATH, RangeProof, verify_range_proof

State = dict[bytes, bytes]
Entries = list[tuple[bytes, bytes]]

SHARED_PREFIX_KEYS = [b"k336", b"k1439", b"k712", b"k930", b"k1156", b"k1592"]
keys = st.one_of(st.integers(0, 60).map(lambda number: b"key%d" % number), st.sampled_from(SHARED_PREFIX_KEYS))
states = st.dictionaries(keys, st.binary(max_size=3), max_size=40)
near = st.sampled_from((-1, 0, 1))


@st.composite
def paths(draw: st.DrawFn) -> bytes:
    """A bound: an end, anything, or the path of a key or its neighbour."""
    choice = draw(st.integers(0, 3))
    if choice == 0:
        return draw(st.sampled_from((FIRST_PATH, LAST_PATH)))
    if choice == 1:
        return draw(st.binary(min_size=32, max_size=32))
    number = int.from_bytes(sha256(draw(keys)).digest()) + draw(near)
    return min(max(number, 0), 2**256 - 1).to_bytes(32)


bounds = st.tuples(paths(), paths()).map(lambda pair: (min(pair), max(pair)))


def within(state: State, first: bytes, last: bytes) -> Entries:
    entries = sorted(state.items(), key=lambda entry: sha256(entry[0]).digest())
    return [(key, value) for key, value in entries if first <= sha256(key).digest() <= last]


def stored(state: State) -> tuple[OverlayReader, Hash]:
    result = update(OverlayReader(None, {}), previous_version=None, version=7, changes=state.items())
    return OverlayReader(None, dict(result.nodes)), result.root


@given(states, bounds)
def test_what_lies_between_two_bounds_is_proven(state: State, pair: tuple[bytes, bytes]) -> None:
    (first, last), (reader, root) = pair, stored(state)
    proof = prove_range(reader, version=7, first=first, last=last)
    assert decode(encode(proof), RangeProof) == proof
    assert verify_range_proof(root, within(state, first, last), proof, first=first, last=last)


@given(states, bounds, st.data())
def test_an_omission_an_addition_or_a_change_is_refused(
    state: State, pair: tuple[bytes, bytes], data: st.DataObject
) -> None:
    (first, last), (reader, root) = pair, stored(state)
    entries = within(state, first, last)
    proof = prove_range(reader, version=7, first=first, last=last)
    new_key = data.draw(keys.filter(lambda key: key not in state))
    lies = [within({**state, new_key: b"new"}, first, last)]
    if entries:
        place = data.draw(st.integers(0, len(entries) - 1))
        key, value = entries[place]
        lies.append(entries[:place] + entries[place + 1 :])
        lies.append([*entries[:place], (key, value + b"x"), *entries[place + 1 :]])
        lies.append([*entries[:place], entries[place], entries[place], *entries[place + 1 :]])
        lies.append([*entries[1:], entries[0]])
    for lie in lies:
        assert lie == entries or not verify_range_proof(root, lie, proof, first=first, last=last)


@given(states, bounds, bounds)
def test_a_proof_shows_no_other_range_unless_that_holds_the_same(
    state: State, pair: tuple[bytes, bytes], other: tuple[bytes, bytes]
) -> None:
    (first, last), (reader, root) = pair, stored(state)
    entries = within(state, first, last)
    proof = prove_range(reader, version=7, first=first, last=last)
    for claimed_first, claimed_last in (other, (first, other[1]), (other[0], last), (last, first)):
        if verify_range_proof(root, entries, proof, first=claimed_first, last=claimed_last):
            assert within(state, claimed_first, claimed_last) == entries


@given(states, bounds, st.data())
def test_a_damaged_proof_never_proves_a_falsehood_and_never_raises(
    state: State, pair: tuple[bytes, bytes], data: st.DataObject
) -> None:
    (first, last), (reader, root) = pair, stored(state)
    entries = within(state, first, last)
    proof = prove_range(reader, version=7, first=first, last=last)
    hashes = st.sampled_from([b"", bytes(32), b"\x01" * 32, sha256(b"key1").digest(), root, *proof.hashes])
    damaged = RangeProof(
        marks=data.draw(st.sampled_from([proof.marks, proof.marks[1:]]) | st.lists(st.integers(0, 4)).map(bytes)),
        hashes=data.draw(st.sampled_from([proof.hashes, proof.hashes[1:]]) | st.lists(hashes).map(tuple)),
    )
    for claim in ([], entries[1:], entries[:-1], [(b"key1", b"")], within({**state, b"key1": b"lie"}, first, last)):
        assert claim == entries or not verify_range_proof(root, claim, damaged, first=first, last=last)


def test_a_proof_has_one_form() -> None:
    state = {b"key%d" % number: b"" for number in range(40)}
    reader, root = stored(state)
    first, last = b"\x20" + bytes(31), b"\xb0" + bytes(31)
    entries = within(state, first, last)
    proof = prove_range(reader, version=7, first=first, last=last)
    for changed in (
        replace(proof, marks=proof.marks + b"\x00"),
        replace(proof, hashes=(*proof.hashes, bytes(32))),
        replace(proof, marks=proof.marks.replace(b"\x00", b"\x03\x00\x00", 1)),
        replace(proof, marks=b"\x03" * 1_025),
    ):
        assert changed == proof or not verify_range_proof(root, entries, changed, first=first, last=last)


@settings(max_examples=50)
@given(states)
def test_nodes_built_from_sorted_leaves_are_those_of_one_batch(state: State) -> None:
    result = update(OverlayReader(None, {}), previous_version=None, version=7, changes=state.items())
    built = list(build_nodes(7, within(state, FIRST_PATH, LAST_PATH)))
    assert dict(built) == dict(result.nodes)
    assert len(built) == len(result.nodes)
    assert built[-1] == result.nodes[-1]
    assert read_root(OverlayReader(None, dict(built)), 7) == result.root
