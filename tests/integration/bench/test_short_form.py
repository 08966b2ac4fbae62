"""The short form of the benchmarks runs to its end and writes every figure. What the figures are is no test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

LIMIT_SECONDS = 240
FIGURES = {
    "gateway_list_cpu_ms",
    "gateway_list_most_per_second",
    "gateway_list_p50_ms",
    "gateway_list_p99_ms",
    "gateway_list_worst_ms",
    "growth_1000_accounts",
    "index_cpu",
    "index_memory",
    "index_rebuild_seconds",
    "index_votes_per_second",
    "processes_cpu",
    "quiet_latency_p50_ms",
    "quiet_latency_p95_ms",
    "quiet_latency_p99_ms",
    "silent_latency_p50_ms",
    "silent_to_quiet_p50",
    "snapshot_bytes",
    "snapshot_join_seconds",
    "snapshot_make_seconds",
    "stage_account_check",
    "stage_decoding",
    "stage_executing",
    "stage_of_it_tree",
    "stage_store",
    "stage_verification",
    "subscribers",
    "subscribers_cpu_us",
    "subscribers_max_ms",
    "subscribers_p50_ms",
    "subscribers_p99_ms",
    "validator_cpu_per_1000_votes",
    "validator_memory",
    "validator_memory_votes",
    "votes_per_cpu_second",
    "votes_per_second",
}
CHECKS = {"check_clients", "check_consensus", "check_mempool", "check_sync"}
STAGES = CHECKS | {"execution", "persist", "send", "sign", "step"}


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
    assert figures["ran_out_of_votes"]["value"] == 0


@pytest.mark.timeout(LIMIT_SECONDS)
def test_a_steady_load_is_told_minute_by_minute_and_its_end_compared_with_its_beginning(tmp_path: Path) -> None:
    output = tmp_path / "bench.json"
    command = [sys.executable, "-m", "benchmarks", "--form", "short", "--round-timeout-ms", "5000", "--only", "hour"]
    run = subprocess.run(
        [*command, "--seconds", "12", "--rate", "60", "--output", str(output)],
        capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-3_000:]
    figures = {name: figure["value"] for name, figure in json.loads(output.read_text()).items()}
    assert figures["hour_failed"] == figures["hour_refused"] == 0
    for row in range(1, 5):
        assert figures[f"hour_{row:03}_votes_per_second"] > 0
        assert all(figures[f"hour_{row:03}_node{node}_memory"] > 0 for node in range(4))
    assert figures["hour_votes"] > 0
    for quarter in ("first", "last"):
        assert 0 < figures[f"hour_latency_p50_{quarter}_ms"] <= figures[f"hour_latency_p95_{quarter}_ms"]
        assert figures[f"hour_memory_{quarter}_mib"] > 0
