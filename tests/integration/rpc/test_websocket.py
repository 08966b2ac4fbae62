"""Calls and subscriptions over WebSockets."""

import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf

import pytest
import trio
import trio.testing
from trio_websocket import ConnectionClosed

from daonode.httpd.outbox import STALLED_AFTER_S
from daonode.httpd.websocket import CLOSE_TIMEOUT_S
from daonode.node.rpc.session import MAX_SUBSCRIPTIONS
from daonode.primitives.addresses import encode_account
from tests.integration.rpc.websocket_client import Client, JsonObject, connected, served, slowly_connected
from tests.unit.node.rpc.calling import Caller, at
from tests.unit.node.rpc.fake_node import ALICE, BOB, FakeNode, id_of, proposal, transfer

AUTOJUMP_S = 0.3


@asynccontextmanager
async def client_of(node: FakeNode) -> AsyncIterator[Client]:
    async with served(node) as address, connected(address) as client:
        yield client


async def commit(node: FakeNode, *raws: bytes) -> None:
    answers = await node.submit(raws)
    assert all(isinstance(each, bytes) for each in answers), answers
    node.commit()


def archived(node: FakeNode) -> list[tuple[str, str]]:
    """The position and type of every event of the chain, by the archive alone."""
    found = []
    for height in range(1, node.height + 1):
        records = [record for receipt in node.archive.receipts(height) for record in receipt.events]
        found += [(f"{height}:{index}", record.type) for index, record in enumerate(records)]
    return found


async def test_calls_and_batches_are_answered_at_both_paths() -> None:
    async with served(FakeNode()) as address:
        for path in ("/ws", "/rpc", "/ws?key=value"):
            async with connected(address, path=path) as client:
                assert await client.call("dao_chainId") == {"chain_id": "daonode:rpc"}
                assert (await client.refusal("dao_chainID"))["code"] == -32601
                call = {"jsonrpc": "2.0", "method": "dao_status"}
                await client.connection.send_message(json.dumps([{**call, "id": 1}, call, {**call, "id": 2}]))
                assert [at(each, "id") for each in json.loads(await client.connection.get_message())] == [1, 2]
                await client.connection.send_message("{")
                assert at(await client.receive(), "error", "code") == -32700
                await client.connection.send_message(json.dumps(call))
                assert (await client.call("dao_status"))["height"] == 0


async def test_a_waiting_call_holds_back_no_other() -> None:
    node = FakeNode()
    await node.submit([transfer()])
    async with client_of(node) as client:
        waiting = {"tx_id": "0x" + id_of(transfer()).hex(), "wait_ms": 20_000}
        call = {"jsonrpc": "2.0", "id": "waiting", "method": "dao_getTransaction", "params": waiting}
        await client.connection.send_message(json.dumps(call))
        assert (await client.call("dao_status"))["height"] == 0
        node.commit()
        received = await client.receive()
        assert (received["id"], at(received, "result", "status")) == ("waiting", "committed")


async def test_new_blocks_are_told_in_the_form_of_the_block_method() -> None:
    node = FakeNode()
    await commit(node, transfer())
    async with client_of(node) as client:
        subscribed = await client.call("dao_subscribe", topic="newBlocks")
        assert str(subscribed["position"]).startswith("1:")
        await commit(node, transfer(sequence=1))
        told = await client.notification()
        assert (told["subscription"], told["position"]) == (subscribed["subscription"], "2:0")
        assert told["value"] == await client.call("dao_getBlock", height=2)
        assert await client.call("dao_unsubscribe", subscription=subscribed["subscription"])
        node.commit()
        assert (await client.call("dao_status"))["height"] == 3
        assert client.notified == []
        assert (await client.refusal("dao_unsubscribe", subscription="1"))["code"] == -32001


async def test_events_are_told_by_type_module_account_and_proposal() -> None:
    node = FakeNode()
    await commit(node, proposal())
    await commit(node, transfer(sequence=1))
    transferred = [position for position, type_ in archived(node) if type_ == "accounts.Transferred"]
    submitted = [position for position, type_ in archived(node) if type_ == "governance.ProposalSubmitted"]
    async with client_of(node) as client:
        for filters, wanted in (
            ({"types": ["governance.ProposalSubmitted"]}, submitted),
            ({"types": ["governance.ProposalSubmitted", "accounts.Transferred"]}, submitted + transferred),
            ({"module": "governance"}, [each for each, type_ in archived(node) if type_.startswith("governance.")]),
            ({"account": encode_account(BOB.address)}, transferred[-1:]),
            ({"module": "governance", "account": encode_account(BOB.address)}, []),
            ({"proposal": 1, "types": ["governance.ProposalSubmitted"]}, submitted),
        ):
            name = (await client.call("dao_subscribe", topic="events", since="0:0", **filters))["subscription"]
            told = [await client.notification() for _ in wanted]
            assert [each["position"] for each in told] == wanted, filters
            assert {each["subscription"] for each in told} <= {name}
            await client.call("dao_unsubscribe", subscription=name)
            assert client.notified == [], filters
        assert at(told[0], "value", "value", "proposer") == encode_account(ALICE.address)
        assert at(told[0], "value", "tx_id") == "0x" + id_of(proposal()).hex()


async def test_a_proposal_is_followed_by_number_or_id() -> None:
    node = FakeNode()
    await commit(node, proposal())
    async with client_of(node) as client:
        name = at(await client.call("dao_getProposal", proposal=1), "id")
        await client.call("dao_subscribe", topic="proposal", proposal=1, since="0:0")
        await client.call("dao_subscribe", topic="proposal", proposal=name, since="0:0")
        of_number, of_id = [], []
        while len(of_id) < 2 or len(of_number) < 2:
            told = await client.notification()
            (of_number if told["subscription"] == "1" else of_id).append((told["position"], told["value"]))
        assert of_number[:2] == of_id[:2]
        assert {at(value, "value", "proposal") for _, value in of_id} == {name}


async def test_what_cannot_be_followed_is_refused_with_what_is_right() -> None:
    node = FakeNode()
    node.commit()
    async with client_of(node) as client:
        for parameters, code, path in (
            ({"topic": "blocks"}, -32602, "params.topic"),
            ({"topic": "newBlocks", "module": "accounts"}, -32602, "params.module"),
            ({"topic": "proposal"}, -32602, "params.proposal"),
            ({"topic": "events", "types": []}, -32602, "params.types"),
            ({"topic": "events", "account": "dao1x"}, -32602, "params.account"),
            ({"topic": "events", "since": "1"}, -32602, "params.since"),
            ({"topic": "events", "since": "1:0\n"}, -32602, "params.since"),
            ({"topic": "events", "types": ["accounts.Transfered"]}, -32000, None),
            ({"topic": "events", "module": "account"}, -32000, None),
            ({"topic": "events", "since": "2:0"}, -32000, None),
            ({"topic": "events", "proposal": 7}, -32001, None),
        ):
            refusal = await client.refusal("dao_subscribe", **parameters)
            assert (refusal["code"], refusal.get("path")) == (code, path), parameters
        assert "did you mean 'accounts'" in str(
            (await client.refusal("dao_subscribe", topic="events", module="account"))["hint"]
        )
        for _ in range(MAX_SUBSCRIPTIONS):
            await client.call("dao_subscribe", topic="newBlocks")
        assert (await client.refusal("dao_subscribe", topic="newBlocks"))["reason"] == "too_many_subscriptions"


async def test_blocks_that_are_not_kept_are_said_to_be_gone() -> None:
    node = FakeNode()
    for _ in range(4):
        node.commit()
    async with client_of(node) as client:
        header_keys = [
            key for key in node.state.pairs if node.state.pairs[key] and key.endswith((2).to_bytes(8, "big"))
        ]
        for key in header_keys:
            del node.state.pairs[key]
        refusal = await client.refusal("dao_subscribe", topic="newBlocks", since="2:0")
        assert (refusal["code"], refusal["reason"]) == (-32001, "not_found")
        await client.call("dao_subscribe", topic="newBlocks", since="0:0")
        assert (await client.notification())["position"] == "1:0"
        assert at(await client.notification(), "error", "code") == -32001


async def test_http_says_where_to_subscribe() -> None:
    refusal = await Caller().refusal("dao_subscribe", topic="newBlocks")
    assert (refusal["code"], refusal["reason"]) == (-32004, "needs_websocket")
    assert "/ws" in str(refusal["hint"])


BLOCKS = 60


@pytest.mark.parametrize("seed", range(3))
async def test_a_client_that_leaves_and_resumes_at_any_point_misses_and_repeats_nothing(seed: int) -> None:
    node, chance = FakeNode(), random.Random(seed)
    got: list[tuple[str, str]] = []

    async def make_blocks() -> None:
        for sequence in range(0, BLOCKS * 2, 2):
            await commit(node, transfer(sequence=sequence), transfer(sequence=sequence + 1))
            await trio.sleep(chance.choice((0, 0.001, 0.01)))

    def is_done() -> bool:
        return node.height == BLOCKS and len(got) == len(archived(node))

    async def follow(client: Client) -> None:
        since = got[-1][0] if got else "0:0"
        assert (await client.call("dao_subscribe", topic="events", since=since))["position"] == since
        for _ in range(chance.randrange(1, 40)):
            if not is_done():
                told = await client.notification()
                got.append((str(told["position"]), str(at(told, "value", "type"))))

    async with served(node) as address, trio.open_nursery() as nursery:
        nursery.start_soon(make_blocks)
        while not is_done():
            with trio.CancelScope() as leaving:
                async with connected(address) as client:
                    await follow(client)
                    if chance.random() < 0.5:
                        leaving.cancel()
            # Gone without a word, with notifications under way.
            await trio.aclose_forcefully(client.connection._stream)
    assert got == archived(node)


async def resume(address: str, since: str, wanted: int) -> list[str]:
    async with connected(address) as client:
        await client.call("dao_subscribe", topic="events", since=since)
        return [str((await client.notification())["position"]) for _ in range(wanted)]


async def test_a_client_that_takes_nothing_is_told_where_it_lags_and_is_closed(
    mock_clock: trio.testing.MockClock,
) -> None:
    node = FakeNode()
    for block in range(12):
        await commit(node, *(transfer(sequence=block * 60 + index) for index in range(60)))
    everything = [position for position, _ in archived(node)]
    mock_clock.autojump_threshold = AUTOJUMP_S
    async with served(node) as address:
        async with slowly_connected(address) as client:
            parameters = {"topic": "events", "since": "0:0"}
            call = {"jsonrpc": "2.0", "id": 1, "method": "dao_subscribe", "params": parameters}
            await client.connection.send_message(json.dumps([call] * MAX_SUBSCRIPTIONS))
            assert len(json.loads(await client.connection.get_message())) == MAX_SUBSCRIPTIONS
            # Longer than a client may take nothing, and shorter than it may take to read what it is then told.
            await trio.sleep(STALLED_AFTER_S + CLOSE_TIMEOUT_S / 2)
            mock_clock.autojump_threshold = inf
            told, code = await drain(client)
        assert code == 1013
        lagged = {str(each["subscription"]): str(at(each, "lagged", "since")) for each in told if "lagged" in each}
        assert len(lagged) == MAX_SUBSCRIPTIONS
        for name, since in lagged.items():
            positions = [str(each["position"]) for each in told if each["subscription"] == name and "position" in each]
            assert positions == everything[: len(positions)]
            assert since == (positions[-1] if positions else "0:0")
        since = max(lagged.values(), key=lambda each: everything.index(each) if each in everything else -1)
        rest = everything[everything.index(since) + 1 :]
        assert rest, "the client was not slow enough"
        assert await resume(address, since, len(rest)) == rest


async def test_a_client_that_reads_slowly_and_steadily_gets_everything_and_is_never_told_that_it_lags(
    mock_clock: trio.testing.MockClock,
) -> None:
    """It falls behind in what it has, not in what waits for it: the rest stays in the archive until there is room."""
    node = FakeNode()
    for block in range(12):
        await commit(node, *(transfer(sequence=block * 60 + index) for index in range(60)))
    everything = [position for position, _ in archived(node)]
    got: dict[str, list[str]] = {}
    mock_clock.autojump_threshold = AUTOJUMP_S
    async with served(node) as address, slowly_connected(address) as client:
        call = {"jsonrpc": "2.0", "id": 1, "method": "dao_subscribe", "params": {"topic": "events", "since": "0:0"}}
        await client.connection.send_message(json.dumps([call] * MAX_SUBSCRIPTIONS))
        assert len(json.loads(await client.connection.get_message())) == MAX_SUBSCRIPTIONS
        began = trio.current_time()
        for number in range(MAX_SUBSCRIPTIONS * len(everything)):
            if number % 1_500 == 0:
                await trio.sleep(STALLED_AFTER_S * 0.9)
            told = json.loads(await client.connection.get_message())["params"]
            assert "position" in told, told
            got.setdefault(told["subscription"], []).append(told["position"])
        assert trio.current_time() - began > 3 * STALLED_AFTER_S
    assert list(got.values()) == [everything] * MAX_SUBSCRIPTIONS


async def drain(client: Client) -> tuple[list[JsonObject], int]:
    """All notifications until the close frame, and its code."""
    told: list[JsonObject] = []
    while True:
        try:
            told.append(await client.notification())
        except ConnectionClosed as closed:
            return told, 0 if closed.reason is None else closed.reason.code
