"""Where this module's state lives. Tags are never reused."""

from typing import Final

from daonode.ledger.table import ADDRESS_KEY, ONLY_KEY, U64_KEY, Table
from daonode.modules.identity.types import Member, MemberAtIndex, Membership, Registrar

NAME: Final = "identity"

MEMBERS: Final = Table(NAME, 1, ADDRESS_KEY, Member)
MEMBER_AT_INDEX: Final = Table(NAME, 2, U64_KEY, MemberAtIndex)
MEMBERSHIP: Final = Table(NAME, 3, ONLY_KEY, Membership)
REGISTRARS: Final = Table(NAME, 4, ADDRESS_KEY, Registrar)
