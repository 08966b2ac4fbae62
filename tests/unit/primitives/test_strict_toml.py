"""TOML from outside: what is wrong is told with its line, and a key that stands twice by its name."""

from __future__ import annotations

import pytest

from daonode.primitives.strict_toml import StrictTomlError, parse_toml

MAX_BYTES = 10_000


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = 1\nb = 2\na = 3", "line 3: 'a' is there twice"),
        ("a = 1\r\na = 3\r\n", "line 2: 'a' is there twice"),
        ("[x]\n[y]\n[x]\n", "line 3: 'x' is there twice"),
        ("[x]\na.b = 1\na.b = 2\n", "line 3: 'a.b' is there twice"),
        ("a = 1\nb = \n", "line 2: Invalid value: 'b ='"),
        ("a = 'x" + "y" * 500, "Expected"),
        ("a = " + "[" * 5_000, "nested too deep"),
        ("a = " + "9" * 5_000, "not TOML"),
        ("a = '" + "x" * MAX_BYTES + "'", f"at most {MAX_BYTES} bytes"),
    ],
)
def test_what_is_no_toml_is_told_with_its_line(text: str, told: str) -> None:
    with pytest.raises(StrictTomlError) as caught:
        parse_toml(text.encode(), max_bytes=MAX_BYTES)
    assert told in str(caught.value)
    assert len(str(caught.value)) < 200


def test_a_document_is_read_whether_or_not_its_last_line_ends() -> None:
    assert parse_toml(b"a = 1\r\n[b]\nc = 'd'", max_bytes=MAX_BYTES) == {"a": 1, "b": {"c": "d"}}
