"""Which text people are shown as a name.

The rule is made of code points, never of a Unicode table: those differ between versions of Python.
"""

from typing import Final

from daonode.modules.identity.errors import UnreadableText

_CONTROL_BELOW: Final = 0x20
_CONTROL_RANGES: Final = (
    (0x7F, 0x9F),  # C1 controls.
    (0x200B, 0x200F),  # Zero width, and direction marks.
    (0x2028, 0x202E),  # Line separators, and direction overrides.
    (0x2060, 0x206F),  # Invisible operators, and direction isolates.
    (0xFEFF, 0xFEFF),  # Byte order mark.
)


def check_text(text: str, *, field: str) -> None:
    """Raise `UnreadableText` where a character hides something, or a space stands at either end."""
    for position, character in enumerate(text):
        if _is_hidden(ord(character)):
            raise UnreadableText(field=field, position=position, character=character)
    for position in (0, len(text) - 1):
        if text and text[position] == " ":
            raise UnreadableText(field=field, position=position, character=" ")


def _is_hidden(code_point: int) -> bool:
    return code_point < _CONTROL_BELOW or any(low <= code_point <= high for low, high in _CONTROL_RANGES)
