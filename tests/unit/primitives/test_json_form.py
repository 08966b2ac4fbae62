"""The JSON form of typed values: what each type looks like, and what a wrong value is told."""

from typing import Annotated, Literal

import pytest
from msgspec import Meta

from daonode.primitives.codec import U8, U64, Record
from daonode.primitives.ids import Address, Hash, ValidatorId
from daonode.primitives.json_form import JsonFormError, from_json, to_json
from daonode.primitives.times import TimeFormatError, format_duration, format_time, parse_duration, parse_time
from daonode.primitives.units import Amount, DurationMs, TimeMs


class Key(Record, frozen=True, tag="key"):
    public: Hash


class Threshold(Record, frozen=True, tag="threshold"):
    members: tuple["Key | Threshold", ...]
    weight: U8


class Everything(Record, frozen=True):
    account: Address
    validator: ValidatorId
    digest: Hash
    amount: Amount
    count: U64
    small: U8
    at: TimeMs
    period: DurationMs
    policy: Key | Threshold
    kind: Literal["standard", "optimistic"]
    caps: dict[str, Amount]
    name: Annotated[str, Meta(min_length=1, max_length=8)] | None = None
    flags: tuple[bool, ...] = ()


VALUE = Everything(
    account=Address(bytes(32)),
    validator=ValidatorId(bytes([1] * 32)),
    digest=Hash(bytes([2] * 32)),
    amount=Amount(2**64 - 1),
    count=7,
    small=255,
    at=TimeMs(1_795_491_884_120),
    period=DurationMs(604_800_000),
    policy=Threshold(members=(Key(Hash(bytes(32))), Threshold(members=(), weight=1)), weight=2),
    kind="standard",
    caps={"dao": Amount(5)},
    name="x",
    flags=(True, False),
)


def test_a_value_reads_back_from_its_json_form() -> None:
    form = to_json(VALUE)
    assert isinstance(form, dict)
    assert form["amount"] == "18446744073709551615"
    assert form["small"] == 255
    assert form["at"] == "2026-11-24T03:44:44.120Z"
    assert form["period"] == "7d"
    assert str(form["account"]).startswith("dao1")
    assert str(form["validator"]).startswith("daoval1")
    assert form["digest"] == "0x" + "02" * 32
    assert from_json(form, Everything) == VALUE


def test_fields_with_defaults_may_be_left_out() -> None:
    form = to_json(VALUE)
    assert isinstance(form, dict)
    del form["name"], form["flags"]
    assert from_json(form, Everything).name is None


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("amount", 5, "$.amount: expected a decimal string, got 5"),
        ("amount", "05", "$.amount: expected a decimal string such as"),
        ("amount", "18446744073709551616", "$.amount: expected a whole number from 0 to 18446744073709551615"),
        ("amount", "\u0665", "$.amount: expected a decimal string such as"),
        ("small", 256, "$.small: expected a whole number from 0 to 255, got 256"),
        ("small", True, "$.small: expected a whole number, got True"),
        ("small", 1.5, "$.small: expected a whole number, got 1.5"),
        ("digest", "0xAB", "$.digest: expected 0x and an even number of digits"),
        ("digest", "0xab", "$.digest: expected 32 bytes, got 1"),
        ("account", "daoval1qqqq", "$.account: "),
        ("at", "yesterday", "$.at: expected a UTC time such as"),
        ("period", "7 days", "$.period: expected a whole number with a unit"),
        ("policy", {"kind": "kye"}, "$.policy.kind: 'kye' is no such kind; did you mean 'key'?"),
        (
            "policy",
            {"kind": "threshold", "members": [{"kind": "key"}], "weight": 1},
            "$.policy.members[0].public: this",
        ),
        ("kind", "standart", "$.kind: 'standart' is not one of them; did you mean 'standard'?"),
        ("caps", {"dao": 1}, "$.caps.dao: expected a decimal string"),
        ("name", "", "$.name: expected 1 to 8 characters, got 0"),
        ("name", "a\ud800", r"$.name: expected whole characters, got half of a surrogate pair: 'a\ud800'"),
        ("caps", {"\udfff": "1"}, r"$.caps: expected whole characters, got half of a surrogate pair: '\udfff'"),
        ("flags", {}, "$.flags: expected an array, got an object"),
        ("amonut", "1", "$.amonut: unknown field; did you mean 'amount'?"),
    ],
)
def test_a_wrong_value_is_told_where_and_what_would_be_right(field: str, value: object, complaint: str) -> None:
    form = to_json(VALUE)
    assert isinstance(form, dict)
    with pytest.raises(JsonFormError) as caught:
        from_json({**form, field: value}, Everything)
    assert str(caught.value).startswith(complaint)


def test_a_missing_field_is_named() -> None:
    form = to_json(VALUE)
    assert isinstance(form, dict)
    del form["small"]
    with pytest.raises(JsonFormError, match=r"^\$\.small: this field is missing$"):
        from_json(form, Everything)


def test_a_type_without_a_form_is_the_programmers_mistake() -> None:
    with pytest.raises(TypeError, match="has no JSON form"):
        to_json(1.5)


@pytest.mark.parametrize(
    ("time_ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_times_are_rfc_3339(time_ms: int, text: str) -> None:
    assert format_time(time_ms) == text
    assert parse_time(text) == time_ms


@pytest.mark.parametrize("text", ["2100-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "1969-01-01T00:00:00Z", "2026-01-01"])
def test_times_that_do_not_exist_are_refused(text: str) -> None:
    with pytest.raises(TimeFormatError):
        parse_time(text)


@pytest.mark.parametrize(("duration_ms", "text"), [(0, "0s"), (1_500, "1500ms"), (129_600_000, "36h"), (60_000, "1m")])
def test_durations_use_the_largest_exact_unit(duration_ms: int, text: str) -> None:
    assert format_duration(duration_ms) == text
    assert parse_duration(text) == duration_ms
