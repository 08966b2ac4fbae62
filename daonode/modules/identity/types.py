"""The values of this module. They are stored, so the order of their fields is part of the protocol."""

from typing import Annotated

from msgspec import Meta

from daonode.ledger.history import History
from daonode.modules.identity.params import MAX_ABOUT_CHARACTERS, MAX_NAME_CHARACTERS, MAX_ROLE_CHARACTERS
from daonode.primitives.codec import U64, Record
from daonode.primitives.ids import Address
from daonode.primitives.units import TimeMs

Name = Annotated[str, Meta(min_length=1, max_length=MAX_NAME_CHARACTERS)]
"""What people call a member; not unique."""

Role = Annotated[str, Meta(max_length=MAX_ROLE_CHARACTERS, pattern=r"^([a-z][a-z0-9-]*)?\Z")]
"""What a member is to the DAO: a word of a-z, 0-9 and `-`, or empty."""

About = Annotated[str, Meta(max_length=MAX_ABOUT_CHARACTERS)]


class Member(Record, frozen=True):
    """Whoever is or was a member. The record stays after the membership ends.

    `index` is the member's place in the order of first registration, and never changes. `registrar` is None for members
    of the genesis document. `membership` is 1 while the account is a member and 0 otherwise, with its past.
    """

    name: Name
    role: Role
    about: About
    index: U64
    registrar: Address | None
    registered_at: TimeMs
    membership: History


class MemberAtIndex(Record, frozen=True):
    """Which account has an index."""

    account: Address


class Registrar(Record, frozen=True):
    """Who may register and remove members, while it is active."""

    active: bool


class Membership(Record, frozen=True):
    """How many indices were given, and how many are members, with its past."""

    next_index: U64
    count: History
