"""Settings that every test shares: how hypothesis searches and where it keeps what it found."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.database import DirectoryBasedExampleDatabase

CACHE = Path(__file__).resolve().parent.parent / ".venv" / "cache"

# No deadline: a test's time is bounded as a whole, and a slow machine is not a failure. Too-slow generation is reported
# by the suite's own time limit. The same examples are tried on every machine, so that a failure repeats anywhere.
settings.register_profile(
    "daonode",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
# `pytest --hypothesis-profile=search` looks in new places and remembers what failed.
settings.register_profile(
    "search",
    deadline=None,
    max_examples=1_000,
    database=DirectoryBasedExampleDatabase(CACHE / "hypothesis"),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("daonode")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests have recorded as their figures, such as what the simulated runs have been through."""
    figures = [
        str(value)
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "figures" and getattr(report, "when", None) == "call"
    ]
    if figures:
        terminalreporter.section("figures")
        for line in sorted(figures):
            terminalreporter.write_line(line)
