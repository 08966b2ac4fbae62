"""What a process does on signals: SIGTERM and SIGINT stop it, SIGHUP changes its log while it runs."""

from __future__ import annotations

import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog
import trio

from daonode.process.logs import configure_logs
from daonode.process.settings import ConfigError, LogSection

log = structlog.get_logger(__name__)


@asynccontextmanager
async def obeying_signals(read_log: Callable[[], LogSection]) -> AsyncIterator[trio.Nursery]:
    """A nursery that the first SIGTERM or SIGINT cancels; SIGHUP takes what `read_log` gives into use."""
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as signals:
        async with trio.open_nursery() as nursery:

            async def obey() -> None:
                async for number in signals:
                    # Where the log goes to a terminal the signal says that the terminal is gone.
                    if number == signal.SIGHUP and not sys.stderr.isatty():
                        _change_logs(read_log)
                    else:
                        log.info("stopping", signal=signal.Signals(number).name)
                        nursery.cancel_scope.cancel()

            nursery.start_soon(obey)
            yield nursery


def _change_logs(read_log: Callable[[], LogSection]) -> None:
    """Take the section `[log]` of the configuration into use; where there is a mistake in it, all stays as it is."""
    try:
        section = read_log()
    except (ConfigError, OSError) as error:
        log.error("the log's settings are unchanged", reason=str(error))
        return
    configure_logs(section)
    log.warning("the log's settings were read again", lowest_level=section.level, format=section.format)
