"""The tables: for each row type its name, its key, and the orders in which it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from daonode.stores import rows
from daonode.stores.rows import Row

R_co = TypeVar("R_co", bound=Row, covariant=True)


@dataclass(frozen=True, slots=True, eq=False)
class Table(Generic[R_co]):
    """A table of rows of one type; there is one object for each. `key` names the fields that identify a row; `indexes`
    are the other orders and filters that reads use, each a tuple of fields."""

    name: str
    row: type[R_co]
    key: tuple[str, ...]
    indexes: tuple[tuple[str, ...], ...] = ()


BLOCKS: Final = Table("blocks", rows.BlockRow, ("height",), (("id",),))
TRANSACTIONS: Final = Table(
    "transactions", rows.TransactionRow, ("tx_id",), (("height", "position"), ("sender", "height", "position"))
)
EVENTS: Final = Table(
    "events",
    rows.EventRow,
    ("height", "position"),
    (("type", "height", "position"), ("proposal", "height", "position")),
)
PROPOSALS: Final = Table(
    "proposals",
    rows.ProposalRow,
    ("id",),
    (("number",), ("status", "number"), ("track", "number"), ("proposer", "number")),
)
VOTES: Final = Table(
    "votes",
    rows.VoteRow,
    ("proposal", "voter"),
    (("height", "position"), ("proposal", "height", "position"), ("voter", "height", "position")),
)
MOVES: Final = Table("moves", rows.MoveRow, ("proposal", "height", "position"), (("height", "position"),))
MEMBERS: Final = Table(
    "members", rows.MemberRow, ("account",), (("member_index",), ("active", "member_index"), ("name", "member_index"))
)
DELEGATIONS: Final = Table(
    "delegations",
    rows.DelegationRow,
    ("track", "delegator"),
    (("delegate", "track", "delegator"), ("delegator", "track")),
)
BALANCES: Final = Table("balances", rows.BalanceRow, ("account", "asset"), (("is_treasury", "asset"),))
ASSETS: Final = Table("assets", rows.AssetRow, ("asset",))
SPENDS: Final = Table(
    "spends", rows.SpendRow, ("id",), (("approved_at_ms", "id"), ("status", "approved_at_ms"), ("proposal",))
)
LIMITS: Final = Table("limits", rows.LimitRow, ("asset",))
TRACKS: Final = Table("tracks", rows.TrackRow, ("id",))
VALIDATORS: Final = Table("validators", rows.ValidatorRow, ("id",))
POINTS: Final = Table("points", rows.PointRow, ("series", "label", "time_ms"), (("series", "time_ms", "label"),))

TABLES: Final[tuple[Table[Row], ...]] = (
    BLOCKS,
    TRANSACTIONS,
    EVENTS,
    PROPOSALS,
    VOTES,
    MOVES,
    MEMBERS,
    DELEGATIONS,
    BALANCES,
    ASSETS,
    SPENDS,
    LIMITS,
    TRACKS,
    VALIDATORS,
    POINTS,
)
