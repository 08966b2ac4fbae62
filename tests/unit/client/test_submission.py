"""Planning, sending and waiting over real HTTP: each outcome is told apart from the others."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from daonode.client.errors import (
    BadAnswer,
    NotFound,
    OutcomeUnknown,
    ProofError,
    Rejected,
    RpcError,
    Unanswered,
    Unreachable,
)
from daonode.client.light import TrustedChain
from daonode.client.rpc import RpcClient
from daonode.client.submission import Clock, ExecutionFailed, submit, submit_and_wait, wait_for_commit
from daonode.client.transactions import SignedTransaction, TxOptions, WouldFail, make_call, plan, sign_body
from daonode.client.wallet import Wallet
from daonode.ledger.transactions import TxBody
from daonode.modules.accounts.errors import InsufficientBalance
from daonode.modules.accounts.keys import ACCOUNTS
from daonode.modules.accounts.messages import Transfer
from daonode.primitives.ids import TxId
from daonode.primitives.json_form import Json
from daonode.primitives.units import Amount
from tests.unit.client.rpc_server import FakeNode, serve
from tests.unit.client.small_chain import ALICE, BOB, CAROL, GENESIS_TIME_MS, NATIVE, SmallChain

NO_NODE = "http://127.0.0.1:1"


@dataclass
class StepClock:
    """Pausing is what makes its time pass."""

    now: float = 0.0
    pauses: list[float] = field(default_factory=list)

    def clock(self) -> Clock:
        return Clock(now_s=lambda: self.now, pause_s=self.pause)

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def node() -> FakeNode:
    return FakeNode(SmallChain())


@pytest.fixture
def rpc(node: FakeNode) -> Iterator[RpcClient]:
    with serve(node) as url:
        client = RpcClient(url, timeout_s=5)
        yield client


def body(
    rpc: RpcClient, node: FakeNode, *, amount: int = 5, wallet: Wallet = ALICE, options: TxOptions | None = None
) -> TxBody:
    message = Transfer(destination=CAROL.address, asset=NATIVE, amount=Amount(amount))
    calls = [make_call(node.chain.document.registry, message)]
    chosen = TxOptions() if options is None else options
    return plan(rpc, calls, sender=wallet.address, signers=[wallet.public_key], options=chosen)


def signed(rpc: RpcClient, node: FakeNode, *, amount: int = 5, options: TxOptions | None = None) -> SignedTransaction:
    return sign_body(body(rpc, node, amount=amount, options=options), [ALICE])


def test_a_planned_transaction_commits_with_its_receipt(rpc: RpcClient, node: FakeNode) -> None:
    transaction = signed(rpc, node)
    answer = submit_and_wait(rpc, transaction)
    assert (answer.tx_id, answer.height, answer.index) == (transaction.id, 1, 0)
    assert answer.receipt is not None
    transferred = answer.receipt.event("accounts.Transferred")
    assert transferred is not None
    assert transferred.value["amount"] == "5"
    assert answer.receipt.event("accounts.Burned") is None


def test_a_plan_takes_gas_from_a_simulation_and_leaves_room(rpc: RpcClient, node: FakeNode) -> None:
    planned = body(rpc, node)
    answer = submit_and_wait(rpc, sign_body(planned, [ALICE]))
    assert answer.receipt is not None
    assert answer.receipt.gas_used < planned.gas_limit < 100_000
    assert answer.receipt.fee <= planned.max_fee


def test_a_plan_counts_what_waits_in_the_mempool(rpc: RpcClient, node: FakeNode) -> None:
    node.holds_back = True
    submit(rpc, signed(rpc, node))
    assert body(rpc, node).sequence == 1
    assert body(rpc, node, options=TxOptions(lane=1)).sequence == 0
    assert body(rpc, node, options=TxOptions(sequence=7, gas_limit=9)).sequence == 7
    node.commit_waiting()
    assert body(rpc, node).sequence == 1


def test_a_plan_expires_by_the_nodes_clock(rpc: RpcClient, node: FakeNode) -> None:
    options = TxOptions(expires_in_ms=1_000)
    assert body(rpc, node, options=options).expires_at_ms == GENESIS_TIME_MS + 1_000
    assert body(rpc, node).expires_at_ms == GENESIS_TIME_MS + 300_000
    node.tells_clock = False
    # A node that tells no clock and has made no block for long: this machine's clock is the better guess.
    assert body(rpc, node, options=TxOptions(expires_in_ms=1_000, gas_limit=9)).expires_at_ms > GENESIS_TIME_MS + 2_000


def test_what_would_fail_is_not_signed_unless_a_gas_limit_is_given(rpc: RpcClient, node: FakeNode) -> None:
    with pytest.raises(WouldFail) as refusal:
        body(rpc, node, amount=10_000_000)
    assert refusal.value.code == InsufficientBalance.code
    transaction = signed(rpc, node, amount=10_000_000, options=TxOptions(gas_limit=50_000))
    with pytest.raises(ExecutionFailed) as failure:
        submit_and_wait(rpc, transaction)
    assert failure.value.code == InsufficientBalance.code
    assert failure.value.answer.height == 1


def test_what_cannot_be_included_is_rejected_with_the_ledgers_code(rpc: RpcClient, node: FakeNode) -> None:
    planned = body(rpc, node)
    with pytest.raises(Rejected) as refusal:
        submit_and_wait(rpc, sign_body(planned, [BOB]))
    assert (refusal.value.reason, refusal.value.application_code) == ("unauthorised", 6)
    with pytest.raises(Rejected, match="maximum fee"):
        submit(rpc, signed(rpc, node, options=TxOptions(gas_limit=50_000, max_fee=1)))


def test_a_lost_answer_is_followed_by_asking(rpc: RpcClient, node: FakeNode) -> None:
    transaction = signed(rpc, node)
    node.unanswered.add("dao_sendRawTransaction")
    assert submit_and_wait(rpc, transaction).height == 1
    assert node.calls.count("dao_sendRawTransaction") == 1


def test_sending_what_is_committed_already_is_no_error(rpc: RpcClient, node: FakeNode) -> None:
    transaction = signed(rpc, node)
    submit_and_wait(rpc, transaction)
    assert submit(rpc, transaction) == transaction.id
    other = signed(rpc, node, amount=6, options=TxOptions(sequence=0, gas_limit=50_000))
    with pytest.raises(Rejected) as refusal:
        submit(rpc, other)
    assert refusal.value.reason == "wrong_sequence"


def test_an_outcome_is_unknown_only_when_time_is_over(rpc: RpcClient, node: FakeNode) -> None:
    node.holds_back = True
    transaction, clock = signed(rpc, node), StepClock()
    with pytest.raises(OutcomeUnknown) as outcome:
        submit_and_wait(rpc, transaction, timeout_s=2, clock=clock.clock())
    assert outcome.value.tx_id == transaction.id
    assert transaction.id.hex() in outcome.value.hint
    assert clock.now >= 2
    node.commit_waiting()
    assert wait_for_commit(rpc, transaction.id).height == 1


def test_a_node_that_comes_back_is_asked_again(node: FakeNode) -> None:
    with serve(node) as url:
        rpc = RpcClient(url)
        transaction = signed(rpc, node)
        node.unanswered.add("dao_getTransaction")
        clock = StepClock()

        def pause(seconds: float) -> None:
            node.unanswered.clear()
            clock.pause(seconds)

        answer = submit_and_wait(rpc, transaction, clock=Clock(now_s=lambda: clock.now, pause_s=pause))
    assert answer.is_committed
    assert len(clock.pauses) == 1


def test_what_expired_before_a_block_took_it_is_rejected_not_unknown(rpc: RpcClient, node: FakeNode) -> None:
    node.holds_back = True
    planned = body(rpc, node)
    transaction = sign_body(planned, [ALICE])
    submit(rpc, transaction)
    node.waiting.clear()
    node.chain.commit(after_ms=700_000)
    with pytest.raises(Rejected) as refusal:
        wait_for_commit(
            rpc, transaction.id, expires_at_ms=planned.expires_at_ms, timeout_s=5, clock=StepClock().clock()
        )
    assert refusal.value.reason == "expired"


def test_a_node_that_is_not_there_is_unreachable_and_the_next_one_is_asked(node: FakeNode) -> None:
    rpc = RpcClient(NO_NODE)
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:1"):
        rpc.status()
    with serve(node) as url:
        rpc = RpcClient([NO_NODE, url])
        assert rpc.status().height == 0
        node.unanswered.add("dao_status")
        with pytest.raises(Unanswered):
            rpc.status()


def test_errors_carry_code_reason_and_hint(rpc: RpcClient) -> None:
    with pytest.raises(NotFound) as missing:
        rpc.transaction(TxId(bytes(32)))
    assert (missing.value.code, missing.value.reason, missing.value.retryable) == (-32001, "not_found", True)
    with pytest.raises(RpcError) as unknown:
        rpc.query("accounts", "balanse", {})
    assert unknown.value.hint == "did you mean 'balance'?"


def test_an_answer_of_another_form_is_told_by_its_place(rpc: RpcClient, node: FakeNode) -> None:
    node.alter = lambda _, result: result | {"height": "many"}
    with pytest.raises(BadAnswer, match=r"dao_status\.height"):
        rpc.status()


def test_fields_that_are_new_are_ignored(rpc: RpcClient, node: FakeNode) -> None:
    node.alter = lambda _, result: result | {"something_new": 1}
    assert rpc.status().chain_id == node.chain.chain_id


def test_a_receipt_and_a_value_are_verified_over_rpc(rpc: RpcClient, node: FakeNode) -> None:
    trusted, key = TrustedChain(node.chain.document), ACCOUNTS.state_key(CAROL.address)
    assert trusted.verify_value(rpc, key).value is None
    transaction = signed(rpc, node)
    submit_and_wait(rpc, transaction)
    assert trusted.verify_transaction(rpc, transaction.id).receipt.code == 0
    assert trusted.verify_value(rpc, key).value == node.chain.tip.get(key)


def test_a_receipt_is_verified_by_a_proof_over_later_blocks(rpc: RpcClient, node: FakeNode) -> None:
    transaction = signed(rpc, node)
    submit_and_wait(rpc, transaction)
    for _ in range(3):
        node.chain.commit()
    node.proves_by_tip = True
    assert TrustedChain(node.chain.document).verify_transaction(rpc, transaction.id).header.height == 1


@pytest.mark.parametrize(
    ("method", "field", "value"),
    [
        ("dao_getReceipt", "height", 2),
        ("dao_getProof", "value", "0x00"),
        ("dao_getProof", "key", "0x00"),
        ("dao_getProof", "height", 1),
    ],
)
def test_a_lying_node_proves_nothing(rpc: RpcClient, node: FakeNode, method: str, field: str, value: Json) -> None:
    trusted = TrustedChain(node.chain.document)
    transaction = signed(rpc, node)
    submit_and_wait(rpc, transaction)
    node.chain.commit(sign_body(body(rpc, node, wallet=BOB), [BOB]).raw)
    node.alter = lambda called, result: result | {field: value} if called == method else result

    def ask() -> object:
        if method == "dao_getReceipt":
            return trusted.verify_transaction(rpc, transaction.id)
        return trusted.verify_value(rpc, ACCOUNTS.state_key(CAROL.address))

    with pytest.raises(ProofError):
        ask()
