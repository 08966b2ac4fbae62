"""Settings that every test shares: how hypothesis searches, what is printed at the end, and what may be skipped."""

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

SKIP_REASONS = (
    "chromium is not installed",
    "jq is not installed",
    "no file system can be mounted here",
    "node is not installed",
)
"""Why a test may be skipped: it needs a program or a right that is not given here. Any other skip fails the run."""
OTHER_SKIPS = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Begin with no skip seen."""
    config.stash[OTHER_SKIPS] = []
    config.pluginmanager.register(_SkipWatch(config.stash[OTHER_SKIPS]))


class _SkipWatch:
    """Notes tests that were skipped for a reason which is not on the list."""

    def __init__(self, seen: list[str]) -> None:
        self._seen = seen

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Look at one outcome; with several processes the one that reports sees all."""
        if report.skipped and not hasattr(report, "wasxfail") and isinstance(report.longrepr, tuple):
            reason = report.longrepr[2].removeprefix("Skipped: ")
            if reason not in SKIP_REASONS:
                self._seen.append(f"{report.nodeid}: {reason}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run that passed over a test for another reason."""
    if session.config.stash[OTHER_SKIPS] and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests have recorded as their figures, such as what the simulated runs have been through."""
    figures = [
        str(value)
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "figures" and getattr(report, "when", None) == "call"
    ]
    others = terminalreporter.config.stash[OTHER_SKIPS]
    if others:
        terminalreporter.section("skipped for a reason that is not on the list of tests/conftest.py")
        for line in others:
            terminalreporter.write_line(line)
    if figures:
        terminalreporter.section("figures")
        for line in sorted(figures):
            terminalreporter.write_line(line)
