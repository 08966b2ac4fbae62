"""Blocks for whoever follows: encoded, proven, bounded, and waited for."""

from __future__ import annotations

from typing import cast

import pytest
import trio
import trio.testing

from daonode.consensus.types import CommitProof, Header, payload_digest, proof_block
from daonode.ledger.receipts import receipts_root
from daonode.node.rpc import block_methods
from daonode.node.rpc.method import RpcNode
from daonode.primitives.codec import decode
from daonode.primitives.json_form import Json
from daonode.replica.layout import Receipts
from tests.unit.node.rpc.calling import Caller, JsonObject, at
from tests.unit.node.rpc.fake_node import transfer


async def caller_at(height: int, *, proofs: tuple[int, ...] | None = None) -> Caller:
    """A chain with a transfer in each block, and a proof with each or those named."""
    caller = Caller()
    for sequence in range(height):
        await caller.node.submit([transfer(sequence=sequence)])
        caller.node.commit(with_proof=proofs is None or sequence + 1 in proofs)
    return caller


def raw(value: Json) -> bytes:
    return bytes.fromhex(cast(str, value)[2:])


def headers(answer: JsonObject) -> list[Header]:
    return [decode(raw(at(block, "header")), Header) for block in cast(list[Json], answer["blocks"])]


async def test_blocks_are_given_as_they_are_encoded_with_one_proof_for_the_last() -> None:
    caller = await caller_at(3)
    answer = await caller.call("dao_getBlocks", above=1)
    found = headers(answer)
    assert (answer["height"], [header.height for header in found]) == (3, [2, 3])
    assert found[1].parent_id == found[0].id()
    for header, block in zip(found, cast(list[Json], answer["blocks"]), strict=True):
        assert header.payload_digest == payload_digest(raw(at(block, "payload")))
        receipts = decode(raw(at(block, "receipts")), Receipts).receipts
        assert header.receipts_root == receipts_root(receipts)
    proof: CommitProof = decode(raw(answer["proof"]), CommitProof)  # type: ignore[arg-type]
    assert proof_block(proof) == found[1].id()
    assert answer["descendants"] == []


async def test_the_proof_may_be_over_a_descendant() -> None:
    caller = await caller_at(3, proofs=(3,))
    answer = await caller.call("dao_getBlocks", above=0, limit=1)
    (first,) = headers(answer)
    second, third = (decode(raw(each), Header) for each in cast(list[Json], answer["descendants"]))
    assert (second.parent_id, third.parent_id) == (first.id(), second.id())
    proof: CommitProof = decode(raw(answer["proof"]), CommitProof)  # type: ignore[arg-type]
    assert proof_block(proof) == third.id()


async def test_an_answer_is_bounded_in_blocks_and_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    caller = await caller_at(4)
    assert len(headers(await caller.call("dao_getBlocks", above=0, limit=2))) == 2
    refusal = await caller.refusal("dao_getBlocks", above=0, limit=block_methods.MAX_BLOCKS + 1)
    assert refusal["path"] == "params.limit"
    monkeypatch.setattr(block_methods, "MAX_ANSWER_BYTES", 1)
    assert [header.height for header in headers(await caller.call("dao_getBlocks", above=1))] == [2]


async def test_who_is_at_the_tip_gets_nothing_or_waits_for_the_next_block() -> None:
    caller = await caller_at(1)
    nothing = {"height": 1, "blocks": [], "proof": None, "descendants": []}
    assert await caller.call("dao_getBlocks", above=1) == nothing
    assert await caller.call("dao_getBlocks", above=1, wait_ms=20) == nothing
    answers: list[JsonObject] = []

    async def wait() -> None:
        answers.append(await caller.call("dao_getBlocks", above=1, wait_ms=30_000))

    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait)
            await trio.testing.wait_all_tasks_blocked()
            assert not answers
            caller.node.commit()
    assert [header.height for header in headers(answers[0])] == [2]


async def test_what_is_not_kept_is_said() -> None:
    caller = await caller_at(3)
    caller.node.state.pairs = {key: value for key, value in caller.node.state.pairs.items() if key[:1] != b"r"}
    refusal = await caller.refusal("dao_getBlocks", above=0)
    assert (refusal["code"], refusal["reason"]) == (-32001, "not_found")
    assert "height 1" in str(refusal["message"])


async def test_the_genesis_block_is_not_among_them() -> None:
    caller = await caller_at(1)
    assert isinstance(caller.dispatcher._node, RpcNode)
    assert [header.height for header in headers(await caller.call("dao_getBlocks", above=0))] == [1]
