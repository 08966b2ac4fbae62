"""The form of what is logged: JSON lines that programs read, positions in each, and no secrets in tracebacks."""

from __future__ import annotations

import json
import logging
import os
import signal
from collections.abc import Callable, Iterator

import pytest
import structlog
import trio
import trio.testing

from daonode.process.logs import configure_logs, telling_position
from daonode.process.settings import ConfigError, LogSection
from daonode.process.signals import obeying_signals

JSON = LogSection(level="info", format="json")
Lines = Callable[[], list[dict[str, object]]]
log = structlog.get_logger("test")


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    handlers, level = logging.getLogger().handlers[:], logging.getLogger().level
    yield
    structlog.reset_defaults()
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Lines:
    """Reads what has been logged since the last time."""
    return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def fail_with(secret: str) -> None:
    raise ValueError("no good")


def test_a_line_is_one_json_object_with_its_level_and_time(lines: Lines) -> None:
    configure_logs(JSON)
    log.info("committed", height=3, text="two\nlines")
    (line,) = lines()
    assert (line["event"], line["level"], line["height"], line["text"]) == ("committed", "info", 3, "two\nlines")
    assert str(line["timestamp"]).endswith("Z")


def test_lines_within_the_node_have_its_height_and_round_and_keep_their_own(lines: Lines) -> None:
    configure_logs(JSON)
    position = [5, 8]
    with telling_position(lambda: (position[0], position[1])):
        log.info("peer connected")
        position[0] = 6
        log.info("round timed out", round=7)
    log.info("outside")
    assert [(line.get("height"), line.get("round")) for line in lines()] == [(5, 8), (6, 7), (None, None)]


async def test_threads_and_tasks_of_the_node_have_its_height_too(lines: Lines) -> None:
    configure_logs(JSON)
    with telling_position(lambda: (5, 8)):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.to_thread.run_sync, lambda: log.info("from a thread"))
    assert [line["height"] for line in lines()] == [5]


def test_an_exception_is_structured_and_shows_no_variables(lines: Lines) -> None:
    configure_logs(JSON)
    try:
        fail_with("the seed")
    except ValueError:
        log.exception("a method failed")
    (line,) = lines()
    (exception,) = line["exception"]  # type: ignore[misc]  # an array in JSON
    assert (exception["exc_type"], exception["exc_value"]) == ("ValueError", "no good")
    assert exception["frames"][-1]["name"] == "fail_with"
    assert "the seed" not in json.dumps(line)


def test_on_a_console_an_exception_shows_no_variables_either(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(LogSection(level="info", format="console"))
    try:
        fail_with("the seed")
    except ValueError:
        log.exception("a method failed")
    told = capsys.readouterr().err
    assert "ValueError: no good" in told
    assert "'the seed'" not in told


def test_libraries_are_heard_from_warning_on_in_the_same_form(lines: Lines) -> None:
    configure_logs(JSON)
    logging.getLogger("anycorn").info("chatter")
    logging.getLogger("anycorn").warning("something of %s", "note")
    assert [(line["event"], line["level"]) for line in lines()] == [("something of note", "warning")]


async def test_a_hangup_signal_changes_level_and_format_while_running(lines: Lines) -> None:
    now = [LogSection(level="error", format="json")]
    configure_logs(now[0])
    async with obeying_signals(lambda: now[0]) as nursery:
        log.info("unheard")
        now[0] = JSON
        os.kill(os.getpid(), signal.SIGHUP)
        await trio.testing.wait_all_tasks_blocked(0.05)
        log.info("heard")
        nursery.cancel_scope.cancel()
    assert [line["event"] for line in lines()] == ["the log's settings were read again", "heard"]


async def test_a_mistake_in_the_file_is_told_and_changes_nothing(lines: Lines) -> None:
    def read_log() -> LogSection:
        raise ConfigError("log.level: 'loud' is not one of them")

    configure_logs(JSON)
    async with obeying_signals(read_log) as nursery:
        os.kill(os.getpid(), signal.SIGHUP)
        await trio.testing.wait_all_tasks_blocked(0.05)
        log.info("heard as before")
        nursery.cancel_scope.cancel()
    first, second = lines()
    assert first["event"] == "the log's settings are unchanged"
    assert "'loud'" in str(first["reason"])
    assert second["event"] == "heard as before"


async def test_a_termination_signal_ends_the_nursery(lines: Lines) -> None:
    configure_logs(JSON)
    with trio.fail_after(5):
        async with obeying_signals(LogSection):
            os.kill(os.getpid(), signal.SIGTERM)
            await trio.sleep_forever()
    assert [(line["event"], line["signal"]) for line in lines()] == [("stopping", "SIGTERM")]
