"""The tables of the present version, pinned: another schema under the same version would break stores that exist."""

from __future__ import annotations

import os
from pathlib import Path

from daonode.stores.sqlite.schema import SCHEMA_VERSION, create
from daonode.stores.tables import TABLES

PINNED = Path(__file__).parent / "schema.sql"
APPROVAL = "DAONODE_APPROVE_GOLDEN"


def test_the_tables_are_those_of_this_version() -> None:
    text = ";\n".join(create(TABLES)) + ";\n"
    if os.environ.get(APPROVAL) == "1":
        PINNED.write_text(text)
    assert f"PRAGMA user_version = {SCHEMA_VERSION};" in text
    assert text == PINNED.read_text(), (
        f"the tables changed: once a release has written version {SCHEMA_VERSION}, raise it and add a migration; "
        f"before that {APPROVAL}=1 approves"
    )
