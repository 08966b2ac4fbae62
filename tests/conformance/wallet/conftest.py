"""The file of vectors, which changes only by an explicit approval."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.wallet.vectors import make_vectors

VECTORS = Path(__file__).parent / "transaction_vectors.json"
APPROVAL = "DAONODE_APPROVE_GOLDEN"


@pytest.fixture(scope="session")
def made() -> dict[str, Any]:
    """What this code makes; it becomes the file where the environment approves with DAONODE_APPROVE_GOLDEN=1."""
    vectors = make_vectors()
    if os.environ.get(APPROVAL) == "1":
        VECTORS.write_text(json.dumps(vectors, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return vectors


@pytest.fixture(scope="session")
def vectors(made: dict[str, Any]) -> Any:
    """What the file holds."""
    return json.loads(VECTORS.read_text(encoding="utf-8"))
