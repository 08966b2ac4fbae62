"""Golden files that change only by an explicit approval."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from daonode.primitives.json_form import Json

VECTORS = Path(__file__).parent / "vectors"
APPROVAL = "DAONODE_APPROVE_GOLDEN"
Golden = Callable[[str, Json], None]


@pytest.fixture
def golden() -> Golden:
    """Compare with a golden file; rewrite it where the environment approves with DAONODE_APPROVE_GOLDEN=1."""

    def compare(name: str, actual: Json) -> None:
        path = VECTORS / name
        if os.environ.get(APPROVAL) == "1":
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps(actual, indent=2) + "\n")
        assert actual == json.loads(path.read_text()), f"bytes changed; {APPROVAL}=1 approves the new ones"

    return compare
