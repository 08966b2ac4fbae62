"""The matrix of bad input names tests that are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")


def test_every_test_that_the_document_names_is_there() -> None:
    named = NAMED.findall((ROOT / "docs" / "bad-input.md").read_text())
    assert len(named) > 50
    for file, test in named:
        path = ROOT / file if "/" in file else Path(__file__).parent / file
        functions = {
            node.name
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        assert test in functions, f"{file} has no {test}"


def test_every_test_of_this_folder_is_named_in_the_document() -> None:
    document = (ROOT / "docs" / "bad-input.md").read_text()
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        if path != Path(__file__):
            assert f"`{path.name}::" in document, f"{path.name} is missing"
