"""The report that a node leaves behind when a certified block contradicts its own execution."""

from __future__ import annotations

import json
from pathlib import Path

import daonode
from daonode.primitives.json_form import to_json
from daonode.replica.effects import Halt


def write_divergence_report(data_directory: Path, halt: Halt) -> str:
    """Write what is known of a divergence to a file of its own; returns what to tell the operator about it."""
    header = halt.header
    report = {
        "version": daonode.__version__,
        "height": header.height,
        "round": header.round,
        "block_id": f"0x{header.id().hex()}",
        "reason": halt.reason,
        "certified_header": to_json(header),
    }
    path = data_directory / f"divergence-{header.height}-{header.round}.json"
    try:
        path.write_text(json.dumps(report, indent=2) + "\n")
    except OSError as error:
        return f"the report {path} could not be written: {error}"
    return f"the report is {path}: compare it with other operators' before starting again"
