"""What this module reports. Field order is wire format."""

from daonode.modules.identity.types import About, Name, Role
from daonode.primitives.codec import U64, Record
from daonode.primitives.ids import Address


class MemberRegistered(Record, frozen=True):
    """An account became a member, for the first time or again; `index` is the same each time."""

    account: Address
    index: U64
    name: Name
    role: Role
    registrar: Address


class MemberRemoved(Record, frozen=True):
    """A registrar, or the root origin, ended a membership."""

    account: Address
    remover: Address


class MemberLeft(Record, frozen=True):
    """A member ended its own membership."""

    account: Address


class ProfileSet(Record, frozen=True):
    """What a member says about itself, from now on."""

    account: Address
    about: About
