"""What callers may spend, and what a refusal says."""

import json

import trio
import trio.testing

from daonode.httpd.budgets import BURST_UNITS, UNITS_PER_SECOND, Budgets, Strangers
from daonode.node.rpc.costs import READ, REQUEST, WORK
from daonode.node.rpc.dispatch import BYTES_A_UNIT, MAX_BATCH
from daonode.node.rpc.methods import METHODS
from daonode.primitives.json_form import Json
from tests.unit.node.rpc.calling import Caller, at, error_in

ELSEWHERE = "203.0.113.7"
NET_INFO = {"jsonrpc": "2.0", "method": "dao_netInfo", "params": {}}
"""A call that needs no thread, so that no time passes beside the waits."""
CALL = {"jsonrpc": "2.0", "method": "dao_getBlock", "params": {}}


async def ask(caller: Caller, budgets: Budgets, request: object, *, address: str = ELSEWHERE) -> Json:
    answer = await caller.dispatcher.answer(json.dumps(request).encode(), budget=budgets.of(address))
    return None if answer is None else json.loads(answer)


async def test_who_asks_for_too_much_is_told_when_to_come_back(mock_clock: trio.testing.MockClock) -> None:
    caller, budgets = Caller(), Budgets()
    assert METHODS["dao_getBlock"].cost == WORK
    batch = [{**CALL, "id": index} for index in range(100)]
    answer = await ask(caller, budgets, batch)
    assert "result" in str(answer)
    owed = len(json.dumps(answer, separators=(",", ":"))) // BYTES_A_UNIT
    assert owed > 0
    refused = await ask(caller, budgets, batch)
    assert isinstance(refused, list)
    errors = [error_in(each) for each in refused]
    assert {(each["code"], each["reason"], each["retryable"]) for each in errors} == {(-32005, "rate_limited", True)}
    assert [at(each, "id") for each in refused] == list(range(100))
    wait_ms = at(refused[0], "error", "data", "retry_after_ms")
    missing = 2 * 100 * WORK + owed - BURST_UNITS
    assert wait_ms == round(missing / UNITS_PER_SECOND * 1_000)
    # Another address has its own budget, and this one has it again after that time.
    assert "result" in str(await ask(caller, budgets, batch, address="203.0.113.8"))
    mock_clock.jump(float(str(wait_ms)) / 1_000)
    assert "result" in str(await ask(caller, budgets, batch))


async def test_what_cannot_be_read_costs_too(mock_clock: trio.testing.MockClock) -> None:
    caller, budget = Caller(), Budgets().of(ELSEWHERE)
    reasons = []
    for body in (b"{", b"[]", b'"text"', b"[1]" + b" " * 64 * 1024):
        for _ in range(int(BURST_UNITS)):
            answer = await caller.dispatcher.answer(body, budget=budget)
            assert answer is not None
            error = json.loads(answer)
            reasons.append(str(error[0] if isinstance(error, list) else error).count("rate_limited"))
        mock_clock.jump(BURST_UNITS / UNITS_PER_SECOND)
    assert sum(reasons) > BURST_UNITS / 2


def test_no_batch_is_dearer_than_a_burst() -> None:
    assert max(method.cost for method in METHODS.values()) * MAX_BATCH <= BURST_UNITS


async def test_calls_of_strangers_wait_for_their_turn_and_those_of_this_machine_do_not(
    autojump_clock: trio.testing.MockClock,
) -> None:
    caller, budgets = Caller(), Budgets(together=Strangers(rate=10.0 * (REQUEST + READ)))
    call = {**NET_INFO, "id": 1}
    began = trio.current_time()
    for _ in range(100):
        assert "result" in str(await ask(caller, budgets, call, address="127.0.0.1"))
    assert trio.current_time() == began
    for _ in range(60):
        assert "result" in str(await ask(caller, budgets, call))
    assert 3 < trio.current_time() - began < 6
    # A body that is no call waits too.
    began = trio.current_time()
    for _ in range(10):
        await caller.dispatcher.answer(b"{", budget=budgets.of(ELSEWHERE))
    assert trio.current_time() - began > 0.5


async def test_who_would_wait_too_long_is_told_when_to_come_back(autojump_clock: trio.testing.MockClock) -> None:
    caller, budgets = Caller(), Budgets(together=Strangers(rate=float(REQUEST + READ)))
    budgets.of("203.0.113.8").owe(20.0 * (REQUEST + READ))
    batch = [{**NET_INFO, "id": index} for index in range(MAX_BATCH)]
    refused = await ask(caller, budgets, batch)
    assert isinstance(refused, list)
    errors = [error_in(each) for each in refused]
    assert {(each["code"], each["reason"], each["retryable"]) for each in errors} == {(-32005, "rate_limited", True)}


async def test_calls_are_counted_by_method_and_outcome() -> None:
    caller = Caller()
    await caller.call("dao_status")
    await caller.refusal("dao_getBlock", height=9)
    await caller.refusal("dao_getBlock", height="9")
    await caller.refusal("dao_getBlok")
    await caller.send_bytes(b"{")
    metrics = caller.node.metrics().decode()
    for method, outcome in (
        ("dao_status", "succeeded"),
        ("dao_getBlock", "not_found"),
        ("dao_getBlock", "invalid_parameters"),
        ("unknown", "unknown_method"),
        ("unknown", "invalid_json"),
    ):
        assert f'daonode_rpc_calls_total{{method="{method}",outcome="{outcome}"}} 1.0' in metrics, metrics
    assert 'daonode_rpc_seconds_count{method="dao_status"} 1.0' in metrics
