"""`python -m tests.chaos SEED`: play the manifest of a seed on real processes, and print its figures."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.chaos.manifest import generate
from tests.chaos.playing import play


def main() -> int:
    """Read the command line and play; the exit code is 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("seed", type=int, help="of the manifest")
    parser.add_argument("--show", action="store_true", help="print the manifest alone")
    parser.add_argument("--keep", type=Path, help="leave the homes and logs in this empty directory")
    arguments = parser.parse_args()
    manifest = generate(arguments.seed)
    _say(str(manifest))
    if arguments.show:
        return 0
    with TemporaryDirectory(prefix="chaos-") as temporary:
        try:
            figures = play(manifest, (arguments.keep or Path(temporary)) / "network")
        except AssertionError as error:
            _say(f"broken: {error}")
            return 1
    _say(str(figures))
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
