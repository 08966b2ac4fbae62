"""Logging of the node process: structured events on standard error, for people or as JSON lines.

Libraries that use Python's own logging are heard from WARNING on. The core never logs; what happened there is told by
the driver, from effects.
"""

from __future__ import annotations

import logging
import sys

import structlog

from daonode.node.config import LogSection


def configure_logs(section: LogSection) -> None:
    """Set up logging for this process."""
    level = logging.getLevelNamesMapping()[section.level.upper()]
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, force=True)
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if section.format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )
