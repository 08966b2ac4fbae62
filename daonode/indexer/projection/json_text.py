"""JSON in the columns of rows: compact, in the canonical form of `primitives.json_form`."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from daonode.primitives.codec import Record
from daonode.primitives.json_form import Json, to_json


def json_text(value: Record | Json | Mapping[str, Json]) -> str:
    """The text of a record's JSON form, or of JSON."""
    return msgspec.json.encode(to_json(value) if isinstance(value, Record) else value).decode()


def read_json_text(text: str) -> Json:
    """What such a text says."""
    value: Json = msgspec.json.decode(text)
    return value
