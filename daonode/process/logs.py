"""Logging of a process: structured events on standard error, for people or as JSON lines.

Every line of a node has the height and the round at which it was written. Libraries that use Python's own logging
are heard from WARNING on, in the same form. The core never logs; what happened there is told by the driver, from
effects. A traceback never shows the values of variables: a key may be among them.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from daonode.process.settings import LogSection

_POSITION = "position"

Position = Callable[[], tuple[int, int]]
"""Tells the committed height and the current round."""


def configure_logs(section: LogSection) -> None:
    """Set up logging for this process; again changes what is told from then on."""
    is_json = section.format == "json"
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        _tell_position,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        *([_STRUCTURED_TRACEBACKS] if is_json else []),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if is_json
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[section.level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )
    libraries = logging.StreamHandler(sys.stderr)
    libraries.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[libraries], level=logging.WARNING, force=True)


@contextmanager
def telling_position(position: Position) -> Iterator[None]:
    """Within the block, and in every task and thread that is started in it, lines have height and round."""
    with structlog.contextvars.bound_contextvars(**{_POSITION: position}):
        yield


_STRUCTURED_TRACEBACKS = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)


def _tell_position(
    _logger: structlog.typing.WrappedLogger, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Put height and round in the place of what tells them; a line that has its own keeps them."""
    position: Position | None = event.pop(_POSITION, None)
    if position is not None:
        height, round_ = position()
        event.setdefault("height", height)
        event.setdefault("round", round_)
    return event
