"""Each tidy rule catches what it forbids, and lets pass what looks like it."""

import pytest

from tests.tidy import code_rules, text_rules
from tests.tidy.sources import Source, source_of
from tests.tidy.test_repository import FOREIGN_TEXT, Rule

CORE = "daonode/ledger/example.py"

CAUGHT: list[tuple[Rule, str]] = [
    (text_rules.file_lengths, "value = 1\n" * 401),
    (text_rules.function_lengths, "def long() -> None:\n" + "    pass\n" * 60),
    (text_rules.names, "def check(msg: str) -> None: ..."),
    (text_rules.names, "class BlockMgr: ..."),
    (text_rules.names, "data_list = []"),
    (text_rules.docstrings, "value = 1"),
    (text_rules.unfinished, "value = 1  # TO" + "DO: more"),
    (text_rules.unfinished, "def f() -> None:\n    raise NotImplementedError"),
    (text_rules.ignores, "value = 1  # type: ignore"),
    (text_rules.ignores, "value = 1  # type: ignore[assignment]"),
    (text_rules.ignores, "value = 1  # noqa: E501"),
    (code_rules.broad_excepts, "try:\n    f()\nexcept Exception:\n    pass"),
    (code_rules.broad_excepts, "try:\n    f()\nexcept (ValueError, BaseException):\n    pass"),
    (code_rules.broad_excepts, "try:\n    f()\nexcept:\n    pass"),
    (code_rules.waiting, "import time\ntime.sleep(1)"),
    (code_rules.untyped_values, "from typing import Any"),
    (code_rules.core_imports, "import trio"),
    (code_rules.core_imports, "from libp2p.host import Host"),
    (code_rules.core_floats, "value = 0.5"),
    (code_rules.core_floats, "value = a / b"),
    (code_rules.core_floats, "value = float(a)"),
    (code_rules.core_floats, "def f(value: float) -> None: ..."),
    (code_rules.core_process_state, "order = hash(key)"),
    (code_rules.core_set_iteration, "for x in {1, 2}:\n    f(x)"),
    (code_rules.core_set_iteration, "seen: set[int] = set()\nfor x in seen:\n    f(x)"),
    (code_rules.core_set_iteration, "def f(seen: frozenset[int]) -> list[int]:\n    return [x for x in seen]"),
    (code_rules.core_set_iteration, "seen = set()\nvalues = list(seen | others)"),
    (code_rules.core_set_iteration, "seen = frozenset()\nvalues = (*seen, 1)"),
    (code_rules.core_set_iteration, "seen = set()\nfirst = seen.pop()"),
]

ALLOWED: list[tuple[Rule, str]] = [
    (text_rules.names, "def confirm(message: str, address: bytes, view_of_block: str) -> None: ..."),
    (text_rules.docstrings, '"""What the file is."""'),
    (text_rules.ignores, "value = 1  # type: ignore[assignment]  # the library annotates this wrongly"),
    (text_rules.ignores, "value = 1  # noqa: BLE001  # the supervisor of all tasks"),
    (text_rules.ignores, "# The library annotates this wrongly.\nvalue = 1  # type: ignore[assignment]"),
    (code_rules.broad_excepts, "try:\n    f()\nexcept (ValueError, KeyError):\n    pass"),
    (code_rules.broad_excepts, "try:\n    f()\nexcept BaseException:\n    undo()\n    raise"),
    (code_rules.core_imports, "import msgspec\nfrom daonode.primitives.ids import Hash\nimport dataclasses"),
    (code_rules.core_floats, "value = a // b"),
    (code_rules.core_set_iteration, "seen = {1, 2}\nfor x in sorted(seen):\n    f(x)"),
    (code_rules.core_set_iteration, "seen = {1, 2}\ncount = len(seen)\nknown = 1 in seen"),
    (code_rules.core_set_iteration, "stack = [1]\nlast = stack.pop()"),
]


def example(text: str) -> Source:
    return source_of(CORE, text + "\n")


@pytest.mark.parametrize(("rule", "text"), CAUGHT)
def test_a_rule_catches_what_it_forbids(rule: Rule, text: str) -> None:
    assert list(rule(example(text)))


@pytest.mark.parametrize(("rule", "text"), ALLOWED)
def test_a_rule_lets_pass_what_only_looks_like_it(rule: Rule, text: str) -> None:
    assert not list(rule(example(text)))


def test_the_rules_of_the_core_leave_other_folders_alone() -> None:
    source = source_of("daonode/node/example.py", "import trio\nshare = 1 / 2\n")
    assert not list(code_rules.core_imports(source))
    assert not list(code_rules.core_floats(source))


def test_a_round_is_never_a_view_where_rounds_are_spoken_of() -> None:
    assert list(text_rules.names(source_of("daonode/consensus/example.py", "view = 3\n")))
    assert not list(text_rules.names(source_of("daonode/ledger/example.py", "view = memoryview(data)\n")))


def test_a_package_docstring_must_state_its_bounds() -> None:
    assert list(text_rules.docstrings(source_of("daonode/x/__init__.py", '"""Things."""\n')))
    assert not list(text_rules.docstrings(source_of("daonode/x/__init__.py", '"""Things. Knows no module."""\n')))


def test_a_path_of_one_machine_is_recognised_and_a_route_of_an_api_is_not() -> None:
    caught = ("cd " + "/wo" + "rk/main", "/ro" + "ot/.cache", "https://py" + "pi.org/simple")
    allowed = ("docs/workflow.md", "the /work-queue route", "tests/root/x", "$HOME/worker")
    assert all(any(pattern.search(line) for pattern in FOREIGN_TEXT) for line in caught)
    assert not any(pattern.search(line) for pattern in FOREIGN_TEXT for line in allowed)
