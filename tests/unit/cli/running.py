"""Runs the command line in this process as `main` does, with standard streams of its own."""

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daonode.cli.main import run


@dataclass(frozen=True)
class Result:
    """What a command wrote, and the code that it ended with."""

    code: int
    written: str
    said: str

    @property
    def data(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.written)


@dataclass(frozen=True)
class Shell:
    """Commands with a home. Standard input is no terminal."""

    home: Path

    def run(self, *arguments: str | Path, stdin: str = "") -> Result:
        """Run one command; options of the home and the format are the caller's."""
        written, said, before = io.StringIO(), io.StringIO(), sys.stdin
        sys.stdin = io.StringIO(stdin)
        try:
            with redirect_stdout(written), redirect_stderr(said):
                code = run([str(each) for each in arguments])
        finally:
            sys.stdin = before
        return Result(code=code, written=written.getvalue(), said=said.getvalue())

    def here(self, *arguments: str | Path, stdin: str = "") -> Result:
        """Run one command with this home."""
        return self.run(*arguments, "--home", self.home, stdin=stdin)

    def json(self, *arguments: str | Path, stdin: str = "") -> Any:
        """The JSON that a command with this home writes; it has to succeed."""
        result = self.here(*arguments, "-o", "json", stdin=stdin)
        assert result.code == 0, result.said
        return result.data
