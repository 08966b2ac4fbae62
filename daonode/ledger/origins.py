"""Accounts that no key controls: those of modules and of governance origins.

Their ids come from domain tags that no authentication policy hashes under, so no transaction can be sent in their name;
only code that holds a `Context` acts as them.
"""

from __future__ import annotations

from typing import Final

from daonode.primitives.hashing import MODULE_TAG, ORIGIN_TAG, tagged_hash
from daonode.primitives.ids import Address


def module_address(name: str) -> Address:
    """The account that module `name` holds funds in."""
    return Address(tagged_hash(MODULE_TAG, name.encode()))


def origin_address(origin: str) -> Address:
    """The account as which the actions of proposals with this origin run."""
    return Address(tagged_hash(ORIGIN_TAG, origin.encode()))


ROOT_ADDRESS: Final = origin_address("root")
"""The account as which decisions of the whole DAO run: it may do what no track of its own may."""
