"""The tidy test: the rules of the house that no other tool checks, over every file of the repository."""

import re
from collections.abc import Callable, Iterator

import pytest

from tests.tidy import code_rules, text_rules
from tests.tidy.finding import Finding
from tests.tidy.sources import Source, python_sources, text_files

Rule = Callable[[Source], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    text_rules.file_lengths,
    text_rules.function_lengths,
    text_rules.names,
    text_rules.docstrings,
    text_rules.unfinished,
    text_rules.ignores,
    code_rules.broad_excepts,
    code_rules.waiting,
    code_rules.untyped_values,
    code_rules.core_imports,
    code_rules.core_floats,
    code_rules.core_process_state,
    code_rules.core_set_iteration,
)

# A path of one machine, or the address of a package index, means nothing on another machine. The patterns are written
# so that they do not match themselves.
FOREIGN_TEXT = (
    re.compile(r"(?<![\w.~$}])/(?:[w]ork|[r]oot)(?![\w.-])"),
    re.compile(r"py[p]i\.org|python[h]osted\.org|registry\.npm[j]s\.org|deb\.debian[.]org"),
)


def report(findings: list[Finding]) -> None:
    if findings:
        pytest.fail("\n".join(str(finding) for finding in findings), pytrace=False)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_file_keeps_the_rule(rule: Rule) -> None:
    findings = [finding for source in python_sources() for finding in rule(source)]
    report(findings)


def test_the_package_silences_checkers_at_most_ten_times() -> None:
    found = [
        Finding(source.path, token.start[0], token.string)
        for source in python_sources()
        for token in text_rules.ignore_comments(source)
    ]
    if len(found) > text_rules.MAX_IGNORES:
        report(found)


def test_no_file_names_a_path_of_one_machine_or_a_package_index() -> None:
    findings = [
        Finding(path, number, f"names a place that exists only on some machine: {line.strip()[:80]}")
        for path, text in text_files()
        for number, line in enumerate(text.splitlines(), start=1)
        if any(pattern.search(line) for pattern in FOREIGN_TEXT)
    ]
    report(findings)


def test_the_rules_read_the_whole_package() -> None:
    paths = [source.path for source in python_sources()]
    assert "daonode/__init__.py" in paths
    assert any(path.startswith("daonode/primitives/") for path in paths)
