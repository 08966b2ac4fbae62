"""JSON that means one thing, and the errors of all other."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daonode.primitives.strict_json import JsonLimits, StrictJsonError, parse_json

LIMITS = JsonLimits(max_bytes=10_000, max_depth=8, max_values=100)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**64), 2**64) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("data", "reason", "path"),
    [
        (b" " * 10_001, "too_large", "$"),
        (b"\xff", "invalid_utf8", "$"),
        (b"", "invalid_json", "$"),
        (b"[1] 2", "invalid_json", "$"),
        (b"[NaN]", "not_a_number", "$"),
        (b"9" * 5_000, "invalid_number", "$"),
        (b'{"a": [{"b": 1, "b": 2}]}', "duplicate_key", "$.a[0]"),
        (b'{"a": "\\ud800"}', "invalid_unicode", "$.a"),
        (b'{"\\udfff": 1}', "invalid_unicode", "$"),
        (b"[" * 9 + b"1" + b"]" * 9, "too_deep", "$" + "[0]" * 9),
        (b"[" * 5_000, "too_deep", "$"),
        (b"[" + b"1," * 100 + b"1]", "too_many_values", "$"),
    ],
)
def test_what_is_not_taken_says_why_and_where(data: bytes, reason: str, path: str) -> None:
    with pytest.raises(StrictJsonError) as caught:
        parse_json(data, LIMITS)
    assert (caught.value.reason, caught.value.path) == (reason, path)


@given(JSON_VALUES)
def test_what_json_writes_is_read_back(value: object) -> None:
    wide = JsonLimits(max_bytes=10_000, max_depth=64, max_values=1_000)
    assert parse_json(json.dumps(value).encode(), wide) == value


@given(st.binary(max_size=200))
def test_whatever_the_bytes_reading_them_gives_a_value_or_one_error(data: bytes) -> None:
    with suppress(StrictJsonError):
        parse_json(data, LIMITS)
