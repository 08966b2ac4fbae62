"""Schemathesis asks a real gateway whatever its document allows and forbids: every answer is one that it describes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.integration.gateway.process import gateway, make_home

EXAMPLES = 5
ACCEPTS_ANY = "positive_data_acceptance"
"""The check that is left out: no schema can say which cursor or transaction is a good one."""


def test_every_answer_is_one_that_the_document_describes(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    (home / "config" / "gateway.toml").write_text("[limits]\nanonymous_rate = 100000\nanonymous_burst = 1000000\n")
    options = ("--max-examples", str(EXAMPLES), "--seed", "1", "--checks", "all", "--exclude-checks", ACCEPTS_ANY)
    phases = ("--phases", "examples,coverage,fuzzing", "--continue-on-failure", "--no-color")
    program = Path(sys.executable).with_name("schemathesis")
    with gateway(home) as running:
        command = [str(program), "run", f"{running.url}/api/openapi.json", *options, *phases]
        found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=110, check=False)
        log = running.log.read_text()
    assert found.returncode == 0, found.stdout[-5_000:] + found.stderr[-1_000:]
    assert "Tested: 20" in found.stdout, "an operation was left out, or the table has grown: change the number"
    assert "Traceback" not in log
    assert '"level": "error"' not in log
