"""What every request is answered with, whatever it is."""

import json

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from daonode.node.rpc.dispatch import MAX_BATCH
from daonode.node.rpc.method import BODY_LIMITS
from daonode.node.rpc.methods import METHODS
from tests.unit.node.rpc.calling import Caller, at, error_in

CALL = {"jsonrpc": "2.0", "id": 1, "method": "dao_chainId"}

UNREADABLE = [
    (b"", -32700, "invalid_json"),
    (b"{", -32700, "invalid_json"),
    (b'{"a": 1} x', -32700, "invalid_json"),
    (b'{"a": "\xff"}', -32700, "invalid_utf8"),
    (b'{"id": NaN}', -32700, "not_a_number"),
    (b'{"id": -Infinity}', -32700, "not_a_number"),
    (b'{"id": 1, "id": 1}', -32700, "duplicate_key"),
    (b'[{"params": {"a": 1, "a": 2}}]', -32700, "duplicate_key"),
    (b'{"id": "\\ud800"}', -32700, "invalid_unicode"),
    (b'{"\\udfff": 1}', -32700, "invalid_unicode"),
    (b"1" * 5_000, -32700, "invalid_number"),
    (b"[" * (BODY_LIMITS.max_depth + 2) + b"]" * (BODY_LIMITS.max_depth + 2), -32005, "too_deep"),
    (b"[" * 200_000, -32005, "too_deep"),
    (b"[" + b"0," * BODY_LIMITS.max_values + b"0]", -32005, "too_many_values"),
    (b'{"params": {"args": {"x": ["\\ud800"]}}}', -32700, "invalid_unicode"),
    (b"[]", -32600, "empty_batch"),
    (b"3", -32600, "invalid_request"),
]


@pytest.mark.parametrize(("body", "code", "reason"), UNREADABLE)
async def test_a_body_that_means_nothing_has_its_own_error(body: bytes, code: int, reason: str) -> None:
    error = await Caller().send_bytes(body)
    assert (error["code"], error["reason"]) == (code, reason)


async def test_an_error_in_a_body_names_the_place() -> None:
    error = await Caller().send_bytes(b'[1, {"params": {"a": [0, {"b": 1, "b": 2}]}}]')
    assert "$[1].params.a[1]: the key 'b' stands twice" in str(error["message"])


WRONG_CALLS: list[tuple[dict[str, object], int, str]] = [
    ({"jsonrpc": "1.0"}, -32600, "invalid_request"),
    ({"method": 5}, -32600, "invalid_request"),
    ({"id": 1.5}, -32600, "invalid_id"),
    ({"id": True}, -32600, "invalid_id"),
    ({"id": [1]}, -32600, "invalid_id"),
    ({"id": 2**60}, -32600, "invalid_id"),
    ({"id": "x" * 129}, -32600, "invalid_id"),
    ({"parms": {}}, -32600, "unknown_member"),
    ({"method": "dao_chainid"}, -32601, "unknown_method"),
    ({"params": [1]}, -32602, "invalid_parameters"),
    ({"params": None}, -32602, "invalid_parameters"),
]


@pytest.mark.parametrize(("change", "code", "reason"), WRONG_CALLS)
async def test_a_call_that_is_none_says_what_is_wrong_with_it(
    change: dict[str, object], code: int, reason: str
) -> None:
    error = error_in(await Caller().send({**CALL, **change}))
    assert (error["code"], error["reason"]) == (code, reason)


async def test_an_unknown_method_or_parameter_names_the_nearest() -> None:
    caller = Caller()
    assert (await caller.refusal("dao_getBlok"))["hint"] == "did you mean 'dao_getBlock'?"
    error = await caller.refusal("dao_getBlock", heigth=1)
    assert (error["code"], error["path"]) == (-32602, "params.heigth")
    assert "did you mean 'height'?" in str(error["message"])
    error = await caller.refusal("dao_getCertificate")
    assert error["path"] == "params.height"


WRONG_PARAMETERS: list[tuple[str, dict[str, object], str]] = [
    ("dao_getBlock", {"height": "1"}, "params.height"),
    ("dao_getBlock", {"height": -1}, "params.height"),
    ("dao_getBlock", {"height": True}, "params.height"),
    ("dao_getBlock", {"height": 2**53}, "params.height"),
    ("dao_getBlock", {"id": "0xab"}, "params.id"),
    ("dao_getTransaction", {"tx_id": "ab" * 32}, "params.tx_id"),
    ("dao_getTransaction", {"tx_id": "0x" + "AB" * 32}, "params.tx_id"),
    ("dao_getTransaction", {"tx_id": "0x" + "ab" * 32, "wait_ms": 30_001}, "params.wait_ms"),
    ("dao_getAccount", {"address": "dao1xyz"}, "params.address"),
    ("dao_estimateFee", {"gas_limit": 5}, "params.gas_limit"),
    ("dao_estimateFee", {"gas_limit": str(2**64)}, "params.gas_limit"),
    ("dao_sendRawTransaction", {"transaction": "0x"}, "params.transaction"),
    ("dao_sendRawTransaction", {"transaction": "0x" + "00" * 65_537}, "params.transaction"),
    ("dao_getProof", {"key": "0x"}, "params.key"),
    ("dao_chainId", {"anything": 1}, "params.anything"),
]


@pytest.mark.parametrize(("method", "parameters", "path"), WRONG_PARAMETERS)
async def test_a_wrong_parameter_is_told_by_its_path(method: str, parameters: dict[str, object], path: str) -> None:
    error = await Caller().refusal(method, **parameters)
    assert (error["code"], error["path"]) == (-32602, path)


async def test_a_batch_is_answered_in_order_and_its_size_is_bounded() -> None:
    caller = Caller()
    answers = await caller.send([{**CALL, "id": index} for index in range(MAX_BATCH)])
    assert isinstance(answers, list)
    assert [at(answer, "id") for answer in answers] == list(range(MAX_BATCH))
    assert error_in(await caller.send([CALL] * (MAX_BATCH + 1)))["reason"] == "batch_too_large"
    mixed = await caller.send([CALL, 1, {**CALL, "method": "x"}])
    assert isinstance(mixed, list)
    assert at(mixed[0], "result", "chain_id") == "daonode:rpc"
    assert [error_in(answer)["code"] for answer in mixed[1:]] == [-32600, -32601]


async def test_a_notification_is_not_answered() -> None:
    caller = Caller()
    notification = {"jsonrpc": "2.0", "method": "dao_chainId"}
    assert await caller.send(notification) is None
    assert await caller.send([notification, {**notification, "method": "nothing"}]) is None
    answers = await caller.send([notification, CALL])
    assert isinstance(answers, list)
    assert len(answers) == 1
    assert at(await caller.send({**CALL, "id": None}), "result", "chain_id") == "daonode:rpc"


async def test_a_mistake_of_the_node_is_an_internal_error_without_its_details() -> None:
    caller = Caller()
    caller.node.failure = ZeroDivisionError("secret detail")
    answers = await caller.send([{**CALL, "method": "dao_status"}, CALL])
    assert isinstance(answers, list)
    error = error_in(answers[0])
    assert (error["code"], error["reason"]) == (-32603, "internal")
    assert "secret" not in json.dumps(answers)
    assert at(answers[1], "result", "chain_id") == "daonode:rpc"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=8,
)
_PARAMETERS = st.dictionaries(
    st.sampled_from(["height", "id", "tx_id", "address", "key", "proposal", "args", "module", "name", "limit"]),
    _JSON,
    max_size=4,
)


@given(st.sampled_from(sorted(METHODS)), _PARAMETERS)
def test_whatever_the_parameters_no_method_makes_a_mistake(name: str, parameters: dict[str, object]) -> None:
    async def ask() -> None:
        body = json.dumps({**CALL, "method": name, "params": parameters}).encode()
        answer = await SHARED.dispatcher.answer(body)
        assert answer is not None
        parsed = json.loads(answer)
        assert "result" in parsed or parsed["error"]["code"] != -32603, parsed

    trio.run(ask)


SHARED = Caller()


def test_every_method_declares_itself() -> None:
    for name, method in METHODS.items():
        assert method.name == name
        assert method.summary.endswith("."), name
        assert method.parameters.__doc__, name
