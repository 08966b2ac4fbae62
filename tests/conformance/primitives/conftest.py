"""Vectors beside the tests, and golden files that change only by an explicit approval."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

VECTORS = Path(__file__).parent / "vectors"
APPROVAL = "DAONODE_APPROVE_GOLDEN"


@pytest.fixture
def vectors() -> Callable[[str], Any]:
    """Read a JSON file of public vectors by its name."""
    return lambda name: json.loads((VECTORS / name).read_text())


@pytest.fixture
def golden() -> Callable[[str, Mapping[str, str]], None]:
    """Compare with a golden file; rewrite it where the environment approves with DAONODE_APPROVE_GOLDEN=1."""

    def compare(name: str, actual: Mapping[str, str]) -> None:
        path = VECTORS / name
        if os.environ.get(APPROVAL) == "1":
            path.write_text(json.dumps(actual, indent=2) + "\n")
        assert dict(actual) == json.loads(path.read_text()), f"bytes changed; {APPROVAL}=1 approves the new ones"

    return compare
