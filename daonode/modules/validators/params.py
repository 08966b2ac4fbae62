"""The bounds of this module. The genesis document gives it validators and no further parameters."""

from typing import Final

MAX_VALIDATORS: Final = 128
"""How many validators a chain has at most: each is a vote a block, and a line of the record of proposals."""

MAX_POWER: Final = 2**32 - 1
"""A validator's greatest weight; as many as there may be still sum to less than 64 bits."""

MAX_MONIKER_CHARACTERS: Final = 64
MAX_NETWORK_ADDRESS_CHARACTERS: Final = 256
