"""The bounds of this module. The genesis document gives it registrars and members and no further parameters."""

from typing import Final

MAX_REGISTRARS: Final = 64
"""How many registrars a chain has at most, so that a list of them is one answer."""

MAX_NAME_CHARACTERS: Final = 64
MAX_ROLE_CHARACTERS: Final = 32
MAX_ABOUT_CHARACTERS: Final = 280
