"""Cursors, and which accounts an event concerns."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daonode.ledger.block import EventRecord
from daonode.modules.accounts.events import FeesShared, PolicySet
from daonode.modules.accounts.types import AccountMember, KeyMember, KeyPolicy, Policy, ThresholdPolicy
from daonode.modules.governance.events import DelegationSet
from daonode.node.rpc.errors import InvalidParameters
from daonode.node.rpc.events import BlockEvent
from daonode.node.rpc.positions import read_position
from daonode.primitives.codec import Record, encode
from daonode.primitives.ids import Address
from daonode.primitives.positions import Position
from daonode.primitives.units import Amount
from tests.unit.node.rpc.fake_node import ALICE, BOB, small_chain


@given(st.integers(0, 10**14), st.integers(0, 10**9))
def test_a_position_is_read_as_it_is_written(height: int, index: int) -> None:
    position = Position(height, index)
    assert read_position(position.text(), path="since") == position


@given(
    st.text(max_size=12).filter(lambda text: re.fullmatch("(0|[1-9][0-9]*):(0|[1-9][0-9]*)", text, re.ASCII) is None)
)
def test_any_other_text_is_refused_with_its_path(text: str) -> None:
    with pytest.raises(InvalidParameters) as refused:
        read_position(text, path="params.since")
    assert refused.value.details["path"] == "params.since"


@pytest.mark.parametrize(
    "text", ["1:", ":1", "01:0", "1:00", "-1:0", "1:0\n", " 1:0", "1:0:0", "\u0661:0", "1" * 16 + ":0"]
)
def test_what_looks_like_a_position_and_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameters):
        read_position(text, path="params.since")


def test_positions_are_in_the_order_of_the_chain() -> None:
    assert Position(1, 9) < Position(2, 0) < Position(2, 1) < Position(10, 0)


CHAIN = small_chain()
THIRD = Address(bytes(32))


def event(value: Record) -> BlockEvent:
    module = type(value).__module__.split(".")[2]
    record = EventRecord(f"{module}.{type(value).__name__}", encode(value))
    return BlockEvent(Position(1, 0), record, None, CHAIN.application.registry)


def set_policy(policy: Policy) -> BlockEvent:
    return event(PolicySet(account=ALICE.address, policy=policy))


def test_an_event_concerns_every_account_that_it_names_at_any_depth() -> None:
    named = set_policy(ThresholdPolicy(1, (KeyMember(ALICE.public_key), AccountMember(BOB.address))))
    assert [named.concerns(each) for each in (ALICE.address, BOB.address, THIRD)] == [True, True, False]
    alone = set_policy(KeyPolicy(BOB.public_key))
    assert [alone.concerns(each) for each in (ALICE.address, BOB.address)] == [True, False]
    optional = event(DelegationSet(1, ALICE.address, BOB.address, THIRD, 5))
    assert optional.concerns(THIRD)
    assert not event(DelegationSet(1, ALICE.address, BOB.address, None, 5)).concerns(THIRD)
    assert not event(FeesShared(None, Amount(1), Amount(2))).concerns(ALICE.address)


def test_an_event_that_this_version_does_not_know_concerns_nobody() -> None:
    for record in (EventRecord("accounts.Unknown", b"\x90"), EventRecord("accounts.PolicySet", b"\x90")):
        unknown = BlockEvent(Position(1, 0), record, None, CHAIN.application.registry)
        assert unknown.fields is None
        assert not unknown.concerns(ALICE.address)
        assert unknown.proposal() is None
        assert unknown.value == {"body": "0x90"}
