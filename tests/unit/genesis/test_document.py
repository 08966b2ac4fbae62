"""The genesis document: what is read, what is refused, and where."""

import json
from typing import cast

import pytest

from daonode.genesis.document import GenesisDocument, load_document
from daonode.genesis.errors import GenesisError
from daonode.genesis.initial import make_initial_state
from daonode.primitives.addresses import encode_account
from daonode.primitives.ids import Address
from daonode.primitives.json_form import Json

ALICE = encode_account(Address(b"\x01" * 32))
BOB = encode_account(Address(b"\x02" * 32))
KEY = "0x" + "11" * 32


def plain() -> dict[str, Json]:
    """The least document: two accounts and a validator."""
    return {
        "chain_id": "daonode:test",
        "genesis_time": "2026-01-02T03:04:05.000Z",
        "modules": {
            "validators": {"validators": [{"public_key": KEY, "power": 1, "payout_account": ALICE, "moniker": "one"}]},
            "accounts": {
                "assets": [{"id": "dao", "decimals": 6, "native": True, "votes": True}],
                "accounts": [
                    {"address": ALICE, "balances": [{"asset": "dao", "amount": "100"}]},
                    {"address": BOB, "balances": [{"asset": "dao", "amount": "200"}]},
                ],
            },
        },
    }


def load(document: Json) -> GenesisDocument:
    return load_document(json.dumps(document).encode())


def changed(path: str, value: Json) -> dict[str, Json]:
    """The document with the value at a path such as `modules.accounts.assets.0` replaced or added."""
    document = plain()
    place: Json = document
    *steps, last = path.split(".")
    for step in steps:
        place = (
            cast("dict[str, Json]", place)[step] if isinstance(place, dict) else cast("list[Json]", place)[int(step)]
        )
    if isinstance(place, list):
        place[int(last)] = value
    else:
        cast("dict[str, Json]", place)[last] = value
    return document


def test_the_modules_named_are_constructed_in_the_order_in_which_they_need_one_another() -> None:
    assert [module.name for module in load(plain()).registry.modules] == ["accounts", "validators"]


def test_what_is_written_reads_back_to_the_same_document_and_hash() -> None:
    document = load(plain())
    again = load_document(document.to_bytes())
    assert again.to_bytes() == document.to_bytes()
    assert again.hash() == document.hash()


def test_order_space_and_defaults_do_not_change_the_hash_but_any_value_does() -> None:
    document = plain()
    reordered = dict(reversed(document.items()))
    assert load(reordered).hash() == load(document).hash()
    assert load(document | {"coin_type": 1}).hash() == load(document).hash()
    assert load(document | {"coin_type": 2}).hash() != load(document).hash()
    assert load(changed("modules.accounts.accounts.0.balances.0.amount", "101")).hash() != load(document).hash()


@pytest.mark.parametrize(
    ("path", "value", "at", "reason"),
    [
        ("chain_id", "other:test", "$.chain_id", "does not begin with 'daonode:'"),
        ("chian_id", "x", "$.chian_id", "unknown field; did you mean 'chain_id'?"),
        ("genesis_time", "yesterday", "$.genesis_time", "expected a UTC time such as"),
        ("coin_type", 1.5, "$.coin_type", "expected a whole number, got 1.5"),
        ("consensus", {"timeout_base": "2m"}, "$.consensus.timeout_base", "at most timeout_max"),
        ("consensus", {"timeout_bas": "2m"}, "$.consensus.timeout_bas", "did you mean 'timeout_base'?"),
        ("consensus", {"max_drift": "0s"}, "$.consensus.max_drift", "more than 0s"),
        ("consensus", {"heartbeat": "0s"}, "$.consensus.heartbeat", "more than 0s"),
        ("ledger", {"max_block_gas": 5}, "$.ledger.max_block_gas", "expected a whole number from 100000"),
        ("modules", [], "$.modules", "expected an object"),
        ("modules.acounts", {}, "$.modules", "'acounts'; did you mean 'accounts'?"),
        ("modules", {"validators": {}}, "$.modules", "'validators' requires 'accounts': add its section"),
        (
            "modules.accounts.assets.0.native",
            "yes",
            "$.modules.accounts.assets[0].native",
            "expected true or false, got 'yes'",
        ),
        (
            "modules.accounts.accounts.0.address",
            ALICE.replace("dao1", "cosmos1"),
            "$.modules.accounts.accounts[0].address",
            "wrong prefix: expected dao, got cosmos",
        ),
    ],
)
def test_a_wrong_field_is_refused_with_its_path(path: str, value: Json, at: str, reason: str) -> None:
    with pytest.raises(GenesisError) as caught:
        load(changed(path, value))
    assert caught.value.path == at
    assert reason in caught.value.reason


@pytest.mark.parametrize("name", ["chain_id", "genesis_time", "modules"])
def test_a_missing_field_is_named(name: str) -> None:
    document = plain()
    del document[name]
    with pytest.raises(GenesisError, match=rf"\$\.{name}: this field is missing"):
        load(document)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", r"\$: not JSON: Expecting value at line 1 column 1"),
        (b"[]", r"\$: expected an object"),
        (b"\xff", r"\$: not UTF-8"),
        (b"[" * 100_000, r"\$: nested deeper than 64"),
        (b'{"a":' * 100 + b"1" + b"}" * 100, "nested deeper than 64"),
        (b'{"a": {"b": [1, {"c": 1, "c": 2}]}}', r"\$\.a\.b\[1\]: the key 'c' stands twice"),
        (b'{"a": ' + b"9" * 5_000 + b"}", r"\$: a number has too many digits"),
        (b'{"a": NaN}', r"\$: NaN is no JSON number"),
    ],
)
def test_what_is_no_strict_json_is_refused(text: bytes, reason: str) -> None:
    with pytest.raises(GenesisError, match=reason):
        load_document(text)


@pytest.mark.parametrize(
    ("path", "value", "at"),
    [
        (
            "modules.accounts.accounts.1.address",
            ALICE,
            "$.modules.accounts.accounts[1].address",
        ),
        ("modules.accounts.assets.0.native", False, "$.modules.accounts.assets"),
        (
            "modules.accounts.accounts.0.balances.0.asset",
            "usd",
            "$.modules.accounts.accounts[0].balances[0].asset",
        ),
        ("modules.validators.validators", [], "$.modules.validators.validators"),
    ],
)
def test_what_a_module_refuses_is_refused_with_the_path_in_its_section(path: str, value: Json, at: str) -> None:
    with pytest.raises(GenesisError) as caught:
        make_initial_state(load(changed(path, value)))
    assert caught.value.path == at
