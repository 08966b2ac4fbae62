"""The short form of the benchmarks runs to its end and writes every figure. What the figures are is no test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

LIMIT_SECONDS = 240
FIGURES = {
    "growth_1000_accounts",
    "processes_cpu",
    "quiet_latency_p50_ms",
    "quiet_latency_p95_ms",
    "quiet_latency_p99_ms",
    "silent_latency_p50_ms",
    "silent_to_quiet_p50",
    "stage_account_check",
    "stage_decoding",
    "stage_executing",
    "stage_of_it_tree",
    "stage_store",
    "stage_verification",
    "validator_cpu_per_1000_votes",
    "validator_memory",
    "votes_per_cpu_second",
    "votes_per_second",
}
STAGES = {"check_clients", "check_consensus", "check_mempool", "check_sync", "persist", "send", "sign", "step"}


@pytest.mark.timeout(LIMIT_SECONDS)
def test_the_short_form_runs_and_every_figure_has_a_value_and_a_unit(tmp_path: Path) -> None:
    output = tmp_path / "bench.json"
    # A machine that does much else at the same time must not make rounds fail.
    command = [sys.executable, "-m", "benchmarks", "--form", "short", "--round-timeout-ms", "5000"]
    run = subprocess.run(
        [*command, "--output", str(output)], capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
    )
    assert run.returncode == 0, run.stderr[-3_000:]
    figures = json.loads(output.read_text())
    assert set(figures) >= FIGURES
    assert {name.removeprefix("cpu_") for name in figures if name.startswith("cpu_")} == STAGES
    for name, figure in figures.items():
        assert set(figure) == {"value", "unit"}, name
        assert figure["value"] >= 0, name
        assert figure["unit"], name
        assert name in run.stdout
    assert figures["votes_failed"]["value"] == 0
