"""How results and values look: tables, JSON, YAML, times as distances, shares."""

import json

import pytest
import yaml

from daonode.cli.output import show
from daonode.cli.wording import distance, gauge, named, percentage

PAGE = {"items": [{"id": "0x" + "ab" * 32, "ok": True, "note": None}], "next_cursor": "7"}


def test_json_and_yaml_hold_the_same_data(capsys: pytest.CaptureFixture[str]) -> None:
    show(PAGE, "json")
    assert json.loads(capsys.readouterr().out) == PAGE
    show(PAGE, "yaml")
    assert yaml.safe_load(capsys.readouterr().out) == PAGE


def test_a_page_is_a_table_with_the_next_cursor_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    show(PAGE, "table", columns=("id", "ok", "note"))
    shown = capsys.readouterr()
    assert shown.out.splitlines() == ["ID                   OK   NOTE", "0xabababab...ababab  yes  -"]
    assert "--cursor 7" in shown.err


def test_an_empty_list_leaves_standard_output_empty(capsys: pytest.CaptureFixture[str]) -> None:
    show([], "table")
    assert capsys.readouterr().out == ""


def test_an_object_is_shown_field_by_field(capsys: pytest.CaptureFixture[str]) -> None:
    show({"a": 1, "inner": {"long name": "x"}, "rows": [{"b": 2, "c": False}]}, "table")
    assert capsys.readouterr().out.splitlines() == [
        "a      1",
        "inner:",
        "  long name  x",
        "rows:",
        "  - b 2  c no",
    ]


@pytest.mark.parametrize(
    ("time_ms", "words"),
    [
        (10_000, "now"),
        (12_500, "in 2 s"),
        (9_000, "1 s ago"),
        (130_000, "in 2 min"),
        (10_000 + 2 * 86_400_000, "in 2 d"),
    ],
)
def test_times_are_told_as_distances(time_ms: int, words: str) -> None:
    assert distance(time_ms, now_ms=10_000) == words


def test_shares_are_rounded_down_and_nothing_of_nothing_is_none() -> None:
    assert percentage(2, 3) == "66.6%"
    assert percentage(0, 0) == "0.0%"
    assert gauge(1, 2) == "█" * 12 + "░" * 12


def test_an_address_is_shown_with_the_name_of_its_key() -> None:
    assert named("dao1x", {"dao1x": "alice"}) == "alice (dao1x)"
    assert named("dao1y", {}) == "dao1y"
