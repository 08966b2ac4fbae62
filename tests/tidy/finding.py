"""What a tidy rule reports."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """A place that breaks a rule, and what would be right there."""

    path: str
    line: int
    problem: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.problem}"
