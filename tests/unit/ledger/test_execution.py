"""What a block does to the state."""

import pytest

from daonode.ledger.block import SUCCESS, Receipt
from daonode.ledger.deadlines import MAX_DEADLINES_PER_BLOCK
from daonode.ledger.errors import InvalidBlock, InvalidEncoding, OutOfGas, UnknownMessage, WrongSequence
from daonode.ledger.events import BlockWorkFailed, DeadlineFailed
from daonode.ledger.params import LedgerParams
from daonode.ledger.session import MAX_DISPATCH_DEPTH, NO_TRANSACTION
from daonode.ledger.transactions import Call
from daonode.primitives.codec import Record, decode, encode
from daonode.primitives.ids import ChainId
from tests.unit.ledger.counter_chain import (
    ALICE,
    BOB,
    FUNDS,
    GENESIS_MS,
    Add,
    Added,
    Nest,
    Plan,
    Refuse,
    Refused,
    block_info,
    call,
    chain,
    payload,
)


def events_of(receipt: Receipt) -> list[str]:
    return [event.type for event in receipt.events]


def test_a_message_changes_the_state_and_leaves_a_receipt_with_its_event() -> None:
    world = chain()
    (receipt,) = world.run(ALICE.send(Add("votes", 3))).receipts
    assert (receipt.code, receipt.error) == (SUCCESS, "")
    assert world.counter("votes") == 3
    assert decode(receipt.events[0].body, Added) == Added("votes", 3)


def test_a_transaction_pays_for_the_gas_it_used_and_gets_back_the_rest() -> None:
    world = chain()
    (receipt,) = world.run(ALICE.send(Add("votes", 1))).receipts
    assert 0 < receipt.gas_used < 60_000
    assert receipt.fee == -(-receipt.gas_used // 1_000)
    assert world.balance(ALICE) == FUNDS - receipt.fee


def test_messages_of_a_transaction_apply_all_or_none() -> None:
    world = chain()
    (receipt,) = world.run(ALICE.send(Add("votes", 1), Refuse("other"), Add("votes", 1))).receipts
    assert receipt.code == Refused.code
    assert receipt.error == "as asked"
    assert receipt.events == ()
    assert world.counter("votes") is None
    assert world.counter("other") is None


def test_a_failed_transaction_pays_and_uses_its_sequence() -> None:
    world = chain()
    (receipt,) = world.run(ALICE.send(Refuse("votes"))).receipts
    assert receipt.fee > 0
    assert world.balance(ALICE) == FUNDS - receipt.fee
    with pytest.raises(InvalidBlock, match="transaction 0: expected 1, got 0"):
        world.run(ALICE.send(Refuse("votes")))


def test_the_same_transaction_twice_makes_a_block_invalid() -> None:
    world = chain()
    raw = ALICE.send(Add("votes", 1))
    with pytest.raises(InvalidBlock, match="transaction 1"):
        world.run(raw, raw)


def test_lanes_are_independent_sequences() -> None:
    world = chain()
    result = world.run(ALICE.send(Add("a", 1), lane=3), ALICE.send(Add("a", 1), lane=0))
    assert [receipt.code for receipt in result.receipts] == [SUCCESS, SUCCESS]
    assert world.counter("a") == 2


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (ALICE.send(Add("a", 1), expires_at_ms=GENESIS_MS + 999), "expired at"),
        (ALICE.send(Add("a", 1), expires_at_ms=GENESIS_MS + 1_000 + 86_400_001), "expires at"),
        (ALICE.send(Add("a", 1), chain_id=ChainId("daonode:other")), "signed for chain"),
        (ALICE.send(Add("a", 1), lane=16), "a lane is"),
        (ALICE.send(Add("a", 1), gas_limit=100), "bytes and signatures"),
        (ALICE.send(Add("a", 1), gas_limit=5_000_001), "a gas limit is at most"),
        (ALICE.send(Add("a", 1))[:-1] + b"\0", "does not verify"),
        (ALICE.send(), "1 to 16 messages"),
        (b"", "not a transaction"),
    ],
)
def test_what_cannot_be_included_makes_a_block_invalid_and_is_skipped_while_building(raw: bytes, text: str) -> None:
    world = chain()
    with pytest.raises(InvalidBlock, match=text):
        world.run(raw)
    good = BOB.send(Add("b", 1))
    built = world.app.build(world.version, block_info(world.version), [raw, good])
    assert built.payload == payload(good)
    assert [skipped.raw for skipped in built.skipped] == [raw]
    assert text in str(built.skipped[0].error)


def test_a_transaction_is_valid_at_the_very_time_of_its_expiry_and_at_the_end_of_the_window() -> None:
    world = chain()
    world.run(ALICE.send(Add("a", 1), expires_at_ms=GENESIS_MS + 1_000))
    world.run(ALICE.send(Add("a", 1), sequence=1, expires_at_ms=GENESIS_MS + 2_000 + 86_400_000))
    assert world.counter("a") == 2


def test_a_message_that_nobody_handles_or_that_is_malformed_fails_and_pays() -> None:
    world = chain()
    unknown = ALICE.send(Call(type="counter.Subtract", body=b"\x90"))
    malformed = ALICE.send(Call(type="counter.Add", body=b"\x90"), sequence=1)
    first, second = world.run(unknown, malformed).receipts
    assert (first.code, second.code) == (UnknownMessage.code, InvalidEncoding.code)
    assert first.fee > 0
    assert second.fee > 0


def test_a_transaction_out_of_gas_fails_having_used_its_whole_limit() -> None:
    world = chain()
    (receipt,) = world.run(ALICE.send(*[Add(f"a{index}", 1) for index in range(16)], gas_limit=10_000)).receipts
    assert receipt.code == OutOfGas.code
    assert receipt.gas_used == 10_000
    assert world.counter("a0") is None


def test_a_number_out_of_range_is_the_transactions_failure() -> None:
    world = chain(votes=2**64 - 1)
    (receipt,) = world.run(ALICE.send(Add("votes", 1))).receipts
    assert receipt.code == 13
    assert world.counter("votes") == 2**64 - 1


def test_a_nested_call_that_fails_leaves_no_trace_where_its_caller_goes_on() -> None:
    world = chain()
    (receipt,) = world.run(ALICE.send(Nest((call(Refuse("a")), call(Add("b", 1))), tolerant=True))).receipts
    assert receipt.code == SUCCESS
    assert [decode(event.body, Added).name for event in receipt.events] == ["b"]
    assert world.counter("a") is None


def test_a_nested_call_whose_numbers_overflow_is_a_refusal_that_its_caller_can_go_on_after() -> None:
    world = chain(votes=2**64 - 1)
    (receipt,) = world.run(ALICE.send(Nest((call(Add("votes", 1)), call(Add("b", 1))), tolerant=True))).receipts
    assert receipt.code == SUCCESS
    assert (world.counter("votes"), world.counter("b")) == (2**64 - 1, 1)


def test_calls_nest_to_a_bounded_depth() -> None:
    def nested(depth: int) -> Record:
        message: Record = Add("deep", 1)
        for _ in range(depth - 1):
            message = Nest((call(message),), tolerant=False)
        return message

    world = chain()
    deepest, deeper = world.run(
        ALICE.send(nested(MAX_DISPATCH_DEPTH)), BOB.send(nested(MAX_DISPATCH_DEPTH + 1))
    ).receipts
    assert deepest.code == SUCCESS
    assert deeper.code == 11
    assert world.counter("deep") == 1


def test_limits_of_a_block_are_checked_and_building_stops_at_them() -> None:
    params = LedgerParams(max_block_transactions=2, max_block_gas=250_000)
    world = chain(params)
    raws = [ALICE.send(Add("a", 1), sequence=sequence) for sequence in range(4)]
    with pytest.raises(InvalidBlock, match="transaction 2: the block has 2 transactions already"):
        world.run(*raws[:3])
    built = world.app.build(world.version, block_info(world.version), raws)
    assert built.payload == payload(*raws[:2])
    assert built.skipped == ()


def test_building_ends_once_a_target_of_gas_is_reached_with_at_least_one_transaction() -> None:
    world = chain()
    raws = [ALICE.send(Add("a", 1), sequence=sequence) for sequence in range(4)]
    whole = world.app.build(world.version, block_info(world.version), raws)
    each = whole.result.receipts[0].gas_used
    for target, expected in ((1, 1), (each, 1), (each + 1, 2), (4 * each, 4)):
        built = world.app.build(world.version, block_info(world.version), raws, gas_target=target)
        assert built.payload == payload(*raws[:expected])
        assert built.skipped == ()


def test_limits_far_above_what_is_used_take_no_room_of_a_block() -> None:
    world = chain()
    most = LedgerParams().max_transaction_gas
    greedy = [ALICE.send(Add("a", 1), sequence=sequence, gas_limit=most) for sequence in range(30)]
    raws = [*greedy, BOB.send(Add("b", 1))]
    built = world.app.build(world.version, block_info(world.version), raws)
    assert built.payload == payload(*raws)
    assert len(world.run(*raws).receipts) == len(raws)


def test_a_block_has_room_for_all_that_its_transactions_may_use() -> None:
    # Each runs out of its gas, so it uses all of it.
    adds = [Add(f"a{index}", 1) for index in range(16)]
    raws = [ALICE.send(*adds, sequence=sequence, gas_limit=10_000) for sequence in range(11)]
    world = chain(LedgerParams(max_block_gas=100_000))
    built = world.app.build(world.version, block_info(world.version), raws)
    assert [receipt.gas_used for receipt in built.result.receipts] == [10_000] * 10
    with pytest.raises(InvalidBlock, match="transaction 10: the block might use 110000 gas, 100000 at most"):
        world.run(*raws)


def test_what_is_built_executes_to_the_same_result() -> None:
    world = chain()
    info = block_info(world.version)
    raws = [ALICE.send(Add("a", 1)), BOB.send(Refuse("a")), ALICE.send(Add("a", 1), sequence=5)]
    built = world.app.build(world.version, info, raws)
    assert built.result == world.app.execute(world.version, info, built.payload)
    assert [type(skipped.error) for skipped in built.skipped] == [WrongSequence]


def test_a_due_deadline_runs_once_before_the_transactions_of_its_block() -> None:
    world = chain()
    assert world.run(ALICE.send(Plan(GENESIS_MS + 5_000, b"x"))).next_deadline_ms == GENESIS_MS + 5_000
    assert world.run(time_ms=GENESIS_MS + 4_999).receipts == ()
    result = world.run(ALICE.send(Add("due", 10), sequence=1), time_ms=GENESIS_MS + 5_000)
    assert decode(result.receipts[0].events[0].body, Added) == Added("due", 11)
    assert result.receipts[1].tx_id == NO_TRANSACTION
    assert decode(result.receipts[1].events[0].body, Added) == Added("due", 1)
    assert result.next_deadline_ms is None
    assert world.run(time_ms=GENESIS_MS + 6_000).receipts == ()


@pytest.mark.parametrize(("item", "code"), [(b"refuse", Refused.code), (b"overflow", 13)])
def test_a_deadline_that_refuses_is_contained_and_reported(item: bytes, code: int) -> None:
    world = chain()
    world.run(ALICE.send(Plan(GENESIS_MS + 2_000, item), Plan(GENESIS_MS + 2_000, b"x")))
    (receipt,) = world.run().receipts
    failures = [event for event in receipt.events if event.type == "ledger.DeadlineFailed"]
    failure = decode(failures[0].body, DeadlineFailed)
    assert (failure.module, failure.item, failure.code) == ("counter", item, code)
    assert world.counter("half-done") is None
    assert world.counter("due") == 1


def test_a_module_whose_block_begin_refuses_is_contained_and_reported() -> None:
    world = chain(**{"refuse-begin": 1})
    first, last = world.run(ALICE.send(Add("a", 1))).receipts
    assert first.code == SUCCESS
    assert decode(last.events[0].body, BlockWorkFailed).step == "begin_block"
    assert world.counter("half-done") is None


def test_one_block_works_off_a_bounded_number_of_deadlines_and_the_next_goes_on() -> None:
    world = chain()
    world.run(ALICE.send(Plan(GENESIS_MS + 2_000, b"again")))
    result = world.run()
    assert world.counter("due") == MAX_DEADLINES_PER_BLOCK
    assert result.next_deadline_ms == GENESIS_MS + 2_000
    world.run()
    assert world.counter("due") == 2 * MAX_DEADLINES_PER_BLOCK


def test_heavy_deadlines_are_spread_over_blocks() -> None:
    world = chain()
    world.run(ALICE.send(*[Plan(GENESIS_MS + 2_000, b"heavy" + bytes([index])) for index in range(5)]))
    world.run()
    assert world.counter("due") == 3
    assert world.run().next_deadline_ms is None
    assert world.counter("due") == 5


def test_forks_stand_side_by_side_on_one_parent() -> None:
    world = chain()
    world.run(ALICE.send(Add("a", 1)))
    parent = world.version
    left, right = type(world)(parent, world.app), type(world)(parent, world.app)
    left.run(ALICE.send(Add("a", 10), sequence=1))
    right.run(ALICE.send(Add("a", 20), sequence=1))
    left.run(ALICE.send(Add("a", 100), sequence=2))
    assert (world.counter("a"), left.counter("a"), right.counter("a")) == (1, 111, 21)
    assert len({world.version.root, left.version.root, right.version.root}) == 3


def test_a_malformed_payload_makes_a_block_invalid() -> None:
    world = chain()
    for data in (b"", b"\x91", encode(("x",)), payload(ALICE.send(Add("a", 1))) + b"\0"):
        with pytest.raises(InvalidBlock, match="the payload is malformed"):
            world.app.execute(world.version, block_info(world.version), data)


def test_an_idle_block_changes_nothing_and_still_has_a_version() -> None:
    world = chain()
    root = world.version.root
    result = world.run()
    assert (result.writes, result.state_root) == ((), root)
    assert world.run(ALICE.send(Add("a", 1))).state_root != root


def test_events_name_their_module() -> None:
    world = chain()
    (receipt,) = world.run(ALICE.send(Add("a", 1))).receipts
    assert events_of(receipt) == ["counter.Added"]
