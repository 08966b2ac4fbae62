"""Values of the schema that are no rows: an account, a tally, and what stands in rows as JSON text."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from daonode.stores.rows import ProposalRow


@dataclass(frozen=True, slots=True)
class Account:
    """An account by its address."""

    address: bytes


@dataclass(frozen=True, slots=True)
class Treasury:
    """The treasury, of which there is one."""


class Call(msgspec.Struct, frozen=True):
    """A message or an action."""

    type: str
    value: object


class Curve(msgspec.Struct, frozen=True):
    """A threshold over time, in basis points."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Tally:
    """How the votes on a proposal stand."""

    yes: int
    no: int
    abstain: int
    turnout: int
    quorum: int
    electorate: int
    voters: int


def tally_of(proposal: ProposalRow) -> Tally:
    """The tally that stands in a proposal's row."""
    return Tally(
        yes=proposal.yes,
        no=proposal.no,
        abstain=proposal.abstain,
        turnout=proposal.yes + proposal.no + proposal.abstain,
        quorum=proposal.quorum_power,
        electorate=proposal.electorate_power,
        voters=proposal.voters,
    )


def read_calls(text: str) -> tuple[Call, ...]:
    """The calls that a row holds as a JSON array."""
    return msgspec.json.decode(text, type=tuple[Call, ...])


def read_curve(text: str) -> Curve:
    """The curve that a row holds as a JSON object."""
    return msgspec.json.decode(text, type=Curve)


def read_json(text: str) -> object:
    """Whatever JSON a row holds."""
    return msgspec.json.decode(text)
