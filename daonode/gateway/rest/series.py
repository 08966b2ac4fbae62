"""Time series: participation, turnout, the treasury, members and proposals over time, in buckets of a fixed length.

A *level* (treasury, supply, members, proposals) lasts until its next point: a bucket shows what it was at its end. A
*result* (turnout, participation) belongs to the moment when a decision ended: a bucket shows the mean of its decisions,
and has no value without any.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Final, Literal

from msgspec import Meta

from daonode.gateway.paging import DEFAULT_PAGE, Question, read_cursor, write_cursor
from daonode.gateway.problems import invalid
from daonode.gateway.rest.endpoint import Asked, Form, Parameters, endpoint
from daonode.gateway.rest.listing import Cursor, Limit, given, read_all
from daonode.primitives.json_texts import Count, Decimal, TimeText, decimal, time_text
from daonode.primitives.times import parse_duration
from daonode.primitives.units import TimeMs
from daonode.stores.access import Between
from daonode.stores.tables import POINTS

MAX_BUCKETS: Final = 1_000
DEFAULT_BUCKETS: Final = 30
MAX_LABELS: Final = 256
"""As many as a chain has assets."""
LATEST_MS: Final = 2**62
"""Later than every point."""
MAX_RESULTS_READ: Final = 10_000
"""Decisions that one question may average."""
RESULTS: Final = ("turnout", "participation")
Label = Annotated[str, Meta(max_length=64)]


class SeriesParameters(Parameters, frozen=True):
    """Which series, of which label alone if one is given, and over which time: by default the last 30 buckets before
    the last block. `from` and `to` are rounded down to whole buckets, `to` is not part of it."""

    series: Literal["turnout", "participation", "treasury", "supply", "members", "proposals"]
    label: Label | None = None
    from_: TimeMs | None = None
    to: TimeMs | None = None
    bucket: Literal["1h", "1d", "7d"] = "1d"
    cursor: Cursor | None = None
    limit: Limit = DEFAULT_PAGE


class PointForm(Form, frozen=True):
    """The value of one bucket, which begins at `time`. `value` is null where there was nothing; `count` is how many
    decisions a result is the mean of, and 1 for a level. Results are in basis points, amounts in base units."""

    label: str
    time: TimeText
    value: Decimal | None
    count: Count


class SeriesPage(Form, frozen=True):
    """Points by label, then time. Labels are assets (treasury, supply), statuses (proposals), or empty."""

    items: list[PointForm]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class _Span:
    """Whole buckets: from `start_ms` up to `end_ms`."""

    start_ms: int
    end_ms: int
    bucket_ms: int

    def starts(self, begin_ms: int) -> range:
        """When each bucket begins, from `begin_ms` on."""
        return range(max(begin_ms, self.start_ms), self.end_ms, self.bucket_ms)


@dataclass(frozen=True, slots=True)
class _Point:
    label: str
    start_ms: int
    value: int | None
    count: int

    def form(self) -> PointForm:
        value = None if self.value is None else decimal(self.value)
        return PointForm(label=self.label, time=time_text(self.start_ms), value=value, count=self.count)


def list_points(asked: Asked, parameters: SeriesParameters) -> SeriesPage:
    """A time series in buckets: levels as they were at the end of each, results as the mean of each."""
    span = _span(asked, parameters)
    label, after_ms = "", -1
    # Of the points that are made here; their places are those of buckets.
    of_buckets = given(series=parameters.series, label=parameters.label, bucket=parameters.bucket)
    question = Question(POINTS, ("label", "time_ms"), of_buckets)
    if parameters.cursor is not None:
        place = read_cursor(parameters.cursor, question)
        label, after_ms = str(place[0]), int(place[1] or 0)
    make = _results if parameters.series in RESULTS else _levels
    points = list(islice(make(asked, parameters, span, label, after_ms + 1), parameters.limit + 1))
    cursor = None
    if len(points) > parameters.limit:
        last = points[parameters.limit - 1]
        cursor = write_cursor([last.label, last.start_ms], question)
    return SeriesPage(items=[point.form() for point in points[: parameters.limit]], next_cursor=cursor)


def _span(asked: Asked, parameters: SeriesParameters) -> _Span:
    bucket_ms = parse_duration(parameters.bucket)
    # The bucket of the last block is not over, and is shown as it is so far.
    newest_ms = asked.head.time_ms // bucket_ms * bucket_ms + bucket_ms
    end_ms = newest_ms if parameters.to is None else min(newest_ms, parameters.to // bucket_ms * bucket_ms)
    if parameters.from_ is None:
        start_ms = max(0, end_ms - DEFAULT_BUCKETS * bucket_ms)
    else:
        start_ms = parameters.from_ // bucket_ms * bucket_ms
    if (end_ms - start_ms) // bucket_ms > MAX_BUCKETS:
        raise invalid(
            f"from, to: at most {MAX_BUCKETS} buckets of {parameters.bucket} are answered",
            hint="ask for less time, or for longer buckets",
        )
    return _Span(start_ms=start_ms, end_ms=end_ms, bucket_ms=bucket_ms)


def _levels(
    asked: Asked, parameters: SeriesParameters, span: _Span, first_label: str, begin_ms: int
) -> Iterator[_Point]:
    """The points of each label, from a label and a time in it on. One read a point: made only as far as needed."""
    for label in _labels(asked, parameters, first_label):
        begin = begin_ms + (span.start_ms - begin_ms) % span.bucket_ms if label == first_label else 0
        for start_ms in span.starts(begin):
            before_end = Between(None, start_ms + span.bucket_ms)
            where = given(series=parameters.series, label=label, time_ms=before_end)
            rows = read_all(asked, Question(POINTS, ("time_ms",), where, descending=True), most=1)
            yield _Point(label, start_ms, rows[0].value if rows else None, len(rows))


def _labels(asked: Asked, parameters: SeriesParameters, first: str) -> Iterator[str]:
    """The labels of a series in order, from `first` on."""
    if parameters.label is not None:
        yield parameters.label
        return
    order = ("label", "time_ms")
    place: tuple[str, int] = (first, -1)
    for _ in range(MAX_LABELS):
        rows = asked.snapshot.page(POINTS, order=order, where={"series": parameters.series}, after=place, limit=1)
        if not rows:
            return
        yield rows[0].label
        place = (rows[0].label, LATEST_MS)


def _results(asked: Asked, parameters: SeriesParameters, span: _Span, _: str, begin_ms: int) -> Iterator[_Point]:
    """The mean of the decisions of each bucket: of all, or of the one proposal that the label names."""
    where = given(
        series=parameters.series, label=parameters.label, time_ms=Between(max(span.start_ms, begin_ms), span.end_ms)
    )
    rows = read_all(asked, Question(POINTS, ("time_ms", "label"), where), most=MAX_RESULTS_READ)
    values: dict[int, list[int]] = {}
    for row in rows:
        values.setdefault((row.time_ms - span.start_ms) // span.bucket_ms, []).append(row.value)
    begin = begin_ms + (span.start_ms - begin_ms) % span.bucket_ms
    for start_ms in span.starts(begin):
        found = values.get((start_ms - span.start_ms) // span.bucket_ms, [])
        mean = sum(found) // len(found) if found else None
        yield _Point(parameters.label or "", start_ms, mean, len(found))


ENDPOINTS: Final = (endpoint("/api/metrics", SeriesParameters, SeriesPage, list_points),)
