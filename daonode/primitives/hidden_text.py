"""Which characters do not show what they are: those that show nothing, and those that move or reorder other text.

What people read in lists and terminals, such as titles and names, has none of them. The rule is made of code points and
not of a table of Unicode, because those differ between versions of Python, and it is part of the protocol. This file
knows no field and no limit.
"""

from typing import Final

_HIDDEN_CODE_POINTS: Final = (
    (0x0000, 0x001F),  # C0 controls, among them tab and line feed.
    (0x007F, 0x009F),  # Delete, and the C1 controls.
    (0x00AD, 0x00AD),  # Soft hyphen.
    (0x061C, 0x061C),  # Arabic direction mark.
    (0x115F, 0x1160),  # Hangul fillers.
    (0x180E, 0x180E),  # Mongolian vowel separator.
    (0x200B, 0x200F),  # Zero width, and direction marks.
    (0x2028, 0x202E),  # Line separators, and direction overrides.
    (0x2060, 0x206F),  # Invisible operators, and direction isolates.
    (0x3164, 0x3164),  # Hangul filler.
    (0xFEFF, 0xFEFF),  # Byte order mark.
    (0xFFA0, 0xFFA0),  # Half-width Hangul filler.
    (0xFFF9, 0xFFFB),  # Interlinear annotation.
    (0xE0000, 0xE007F),  # Tags.
)


def find_hidden(text: str) -> int | None:
    """Return the position of the first character that does not show what it is, from 0, or None."""
    for position, character in enumerate(text):
        code_point = ord(character)
        if any(low <= code_point <= high for low, high in _HIDDEN_CODE_POINTS):
            return position
    return None
