"""What can be asked of this module. Field order is wire format."""

from daonode.modules.identity.types import About, Name, Role
from daonode.primitives.codec import Record
from daonode.primitives.ids import Address


class RegisterMember(Record, frozen=True):
    """Make an account a member; an active registrar or the root origin only."""

    account: Address
    name: Name
    role: Role = ""


class RemoveMember(Record, frozen=True):
    """End an account's membership; an active registrar or the root origin only."""

    account: Address


class LeaveMember(Record, frozen=True):
    """End the caller's own membership."""


class SetProfile(Record, frozen=True):
    """Replace what the caller, a member, says about itself."""

    about: About
