"""Runs the console sessions of a document as a reader would, and compares what they print.

A session is a fenced block marked `console`: lines that begin with `$ ` are commands, what follows is their output.
All sessions of a document share one shell. What differs from run to run (ids, addresses, times, heights) is masked on
both sides; everything else must be equal, line by line.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

COMMAND_SECONDS = 60
_FENCE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MASKS = (
    (re.compile(r"\b0x[0-9a-f]+(\.\.\.[0-9a-f]+)?"), "0x*"),
    (re.compile(r"\b(dao|daoval)1[02-9ac-hj-np-z]{10,}"), r"\g<1>1*"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "TIME"),
    (re.compile(r"\b(in )?\d+ (ms|s|min|h|d)\b( \d+ (s|min|h))?( ago)?|\bnow\b(?= \()"), "PERIOD"),
    (re.compile(r"\b(height|round|block|gas_used|fee|index)(:?\s+)\d+"), r"\g<1>\g<2>N"),
    (re.compile(r"(/[\w.-]+)+/\.daonode-dev"), "HOME/.daonode-dev"),
    # Balances and powers that fees have gone off.
    (re.compile(r"\b\d{12,}\b"), "AMOUNT"),
    (re.compile(r"[ \t]+"), " "),
)


@dataclass(frozen=True, slots=True)
class Step:
    """A command of a document and the output that it shows."""

    command: str
    output: str


def read_steps(document: Path) -> Iterator[Step]:
    """The commands of all console sessions of a document, in order; a line ending in a backslash goes on."""
    for session in _FENCE.findall(document.read_text()):
        command = ""
        output: list[str] = []
        for line in session.splitlines():
            if line.startswith("$ "):
                if command:
                    yield Step(command, "\n".join(output))
                command, output = line[2:], []
            elif command.endswith("\\"):
                command += "\n" + line.removeprefix("> ")
            else:
                output.append(line)
        if command:
            yield Step(command, "\n".join(output))


class Shell:
    """A bash that keeps its variables and directory between commands. A command's errors are part of its output."""

    def __init__(self, *, directory: Path, environment: Mapping[str, str]) -> None:
        self._directory = directory
        self._environment = dict(environment)
        self._state = directory / ".shell-state"

    def run(self, command: str) -> str:
        """Run a command and return what it printed.

        Raises:
            AssertionError: it failed; the text has its output.
        """
        script = f"""
            [ -f {self._state} ] && . {self._state}
            {{ {command}
            }} 2>&1; code=$?
            {{ export -p; printf 'cd %q\\n' "$PWD"; }} > {self._state}
            exit $code
        """
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self._directory,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"$ {command}\n{done.stdout}{done.stderr}\nended with {done.returncode}"
        return done.stdout.rstrip("\n")


def mask(text: str) -> list[str]:
    """The lines of an output without what differs from run to run."""
    for pattern, word in _MASKS:
        text = pattern.sub(word, text)
    return [line.rstrip() for line in text.strip().splitlines()]
