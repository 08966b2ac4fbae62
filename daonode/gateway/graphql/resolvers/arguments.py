"""What several resolvers make of their arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from daonode.gateway.graphql.reading import Reading
from daonode.gateway.paging import Page, PageError, Question
from daonode.primitives.ids import HASH_BYTES
from daonode.primitives.positions import Position
from daonode.stores.access import Value
from daonode.stores.rows import ProposalRow, Row
from daonode.stores.tables import PROPOSALS, Table

R = TypeVar("R", bound=Row)
MAX_SEARCH_CHARACTERS: Final = 100
NO_PROPOSAL: Final = b""
"""An id that no proposal has."""


def filters(**values: Value) -> dict[str, Value]:
    """The filters that were given."""
    return {name: value for name, value in values.items() if value is not None}


def find_proposal(name: str, reading: Reading) -> ProposalRow | None:
    """The proposal that a number or an id names.

    Raises:
        PageError: the name is neither.
    """
    if name.isascii() and name.isdecimal() and len(name) <= 15:
        found = reading.page(Question(PROPOSALS, ("number",), {"number": int(name)}), first=1).items
        return found[0] if found else None
    try:
        id_ = bytes.fromhex(name.removeprefix("0x")) if name.startswith("0x") else b""
    except ValueError:
        id_ = b""
    if len(id_) != HASH_BYTES:
        raise PageError(f"expected a proposal's number or id (0x and {2 * HASH_BYTES} hex digits), got {name[:80]!r}")
    return reading.get(PROPOSALS, id_)


def proposal_filter(name: str | None, reading: Reading) -> bytes | None:
    """The id to filter by; one that nothing has where there is no such proposal."""
    if name is None:
        return None
    found = find_proposal(name, reading)
    return NO_PROPOSAL if found is None else found.id


def newest_or_since(
    table: Table[R],
    reading: Reading,
    where: dict[str, Value],
    *,
    since: Position | None,
    first: int,
    after: str | None,
) -> Page[R]:
    """What stands at positions: newest first, or oldest first from after a position on."""
    order = ("height", "position")
    begin_after = None if since is None else (since.height, since.index)
    search = "" if since is None else str(since)
    question = Question(table, order, where, descending=since is None, search=search)
    return reading.page(question, first=first, after=after, begin_after=begin_after)


def finder(search: str | None) -> Callable[[str], bool]:
    """What tells whether a text holds another, in any case.

    Raises:
        PageError: the text to look for is too long.
    """
    wanted = (search or "").casefold()
    if len(wanted) > MAX_SEARCH_CHARACTERS:
        raise PageError(f"a search has at most {MAX_SEARCH_CHARACTERS} characters, got {len(wanted)}")
    return lambda text: wanted in text.casefold()
