"""Characters that do not show what they are."""

import pytest

from daonode.primitives.hidden_text import find_hidden


@pytest.mark.parametrize("text", ["", "Pay Bob", "Zahle 5 € an Žofia", "支払い", "ادفع", "🏛️", " "])
def test_text_as_people_write_it_hides_nothing(text: str) -> None:
    assert find_hidden(text) is None


@pytest.mark.parametrize(
    "code_point",
    [0x00, 0x0A, 0x1B, 0x7F, 0x9F, 0xAD, 0x61C, 0x1160, 0x200B, 0x2028, 0x202E, 0x2060, 0x3164, 0xFEFF, 0xE007F],
)
def test_a_hidden_character_is_found_where_it_stands(code_point: int) -> None:
    assert find_hidden(f"Pay{chr(code_point)}Bob\x00") == 3


@pytest.mark.parametrize("code_point", [0x20, 0x7E, 0xA0, 0x200A, 0x2010, 0x2027, 0x202F, 0x205F, 0x2070, 0xFEFE])
def test_the_neighbours_of_hidden_characters_are_taken(code_point: int) -> None:
    assert find_hidden(chr(code_point)) is None
