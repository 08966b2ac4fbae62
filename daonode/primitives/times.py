"""Text forms of times and durations: RFC 3339 in UTC with milliseconds, and a whole number with a unit.

Pure calendar arithmetic (the proleptic Gregorian calendar, years 1970 to 9999, no leap seconds): this file reads no
clock and knows no time zone but UTC.
"""

import re
from typing import Final

from daonode.primitives.errors import PrimitiveError

MS_PER_SECOND: Final = 1_000
MS_PER_DAY: Final = 86_400_000
MAX_TIME_MS: Final = 253_402_300_799_999
"""9999-12-31T23:59:59.999Z, the last time that RFC 3339 can write."""

_UNITS_MS: Final = (("d", MS_PER_DAY), ("h", 3_600_000), ("m", 60_000), ("s", MS_PER_SECOND), ("ms", 1))
_DURATION = re.compile(r"(0|[1-9][0-9]{0,19})(ms|s|m|h|d)")
_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,3}))?Z", re.ASCII)


class TimeFormatError(PrimitiveError):
    """Text is no time or no duration; the message says what would be right."""


def format_time(time_ms: int) -> str:
    """Write milliseconds since the Unix epoch as RFC 3339, such as ``2026-11-24T03:46:44.120Z``.

    A time beyond the year 9999 is written as the last time of that year, so that every state can be shown.
    """
    days, rest_ms = divmod(min(time_ms, MAX_TIME_MS), MS_PER_DAY)
    year, month, day = _civil_from_days(days)
    seconds, ms = divmod(rest_ms, MS_PER_SECOND)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z"


def parse_time(text: str) -> int:
    """Read RFC 3339 in UTC (``Z``, at most milliseconds) as milliseconds since the epoch.

    Raises ``TimeFormatError``.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise TimeFormatError(f"expected a UTC time such as 2026-11-24T03:46:44.120Z, got {text[:40]!r}")
    year, month, day, hour, minute, second = (int(group) for group in match.groups()[:6])
    ms = int((match.group(7) or "0").ljust(3, "0"))
    days = _days_from_civil(year, month, day)
    exists = 1 <= month <= 12 and day >= 1 and _civil_from_days(days) == (year, month, day)
    if year < 1970 or not exists or hour > 23 or minute > 59 or second > 59:
        raise TimeFormatError(f"{text} names no time between 1970 and 9999")
    return days * MS_PER_DAY + ((hour * 60 + minute) * 60 + second) * MS_PER_SECOND + ms


def format_duration(duration_ms: int) -> str:
    """Write milliseconds with the largest unit that is exact: ``7d``, ``36h``, ``1500ms``; zero is ``0s``."""
    if duration_ms == 0:
        return "0s"
    return next(f"{duration_ms // size}{unit}" for unit, size in _UNITS_MS if duration_ms % size == 0)


def parse_duration(text: str) -> int:
    """Read a whole number with a unit (ms, s, m, h, d) as milliseconds, or raise ``TimeFormatError``."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise TimeFormatError(f"expected a whole number with a unit of ms, s, m, h or d, such as 36h: {text[:40]!r}")
    return int(match.group(1)) * dict(_UNITS_MS)[match.group(2)]


def _civil_from_days(days: int) -> tuple[int, int, int]:
    """Year, month, day of a day number since 1970-01-01 (Hinnant, "chrono-compatible low-level date algorithms")."""
    era, day_of_era = divmod(days + 719_468, 146_097)
    year_of_era = (day_of_era - day_of_era // 1_460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted_month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted_month + 2) // 5 + 1
    month = shifted_month + 3 if shifted_month < 10 else shifted_month - 9
    return year_of_era + era * 400 + (month <= 2), month, day


def _days_from_civil(year: int, month: int, day: int) -> int:
    """Inverse of ``_civil_from_days``; days that do not exist give the number of another day."""
    era, year_of_era = divmod(year - (month <= 2), 400)
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146_097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719_468
