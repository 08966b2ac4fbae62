"""The root of every error that ``daonode.primitives`` raises.

Each file defines the errors of its own subject; they all derive from here, so that a caller at a boundary
can refuse bad input with one ``except``. An error has typed fields, and its text says what was wrong and
what would be right.
"""


class PrimitiveError(Exception):
    """Input from outside does not have the form that this package demands."""
