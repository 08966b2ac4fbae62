"""Which text people are shown as a name, or as what a member says about itself."""

from daonode.modules.identity.errors import UnreadableText
from daonode.primitives.hidden_text import find_hidden


def check_text(text: str, *, field: str) -> None:
    """Raise `UnreadableText` where a character hides something, or a space stands at either end."""
    position = find_hidden(text)
    if position is None and text.startswith(" "):
        position = 0
    if position is None and text.endswith(" "):
        position = len(text) - 1
    if position is not None:
        raise UnreadableText(field=field, position=position, character=text[position])
