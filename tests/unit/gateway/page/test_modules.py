"""The page's modules that need no browser, in Node: one file of tests for each part of them."""

import os
import shutil
import subprocess
from pathlib import Path

import mnemonic
import pytest

FILES = sorted(Path(__file__).parent.glob("*.test.mjs"))
VECTORS = Path(__file__).parents[3] / "conformance" / "wallet" / "transaction_vectors.json"
WORD_LIST = Path(mnemonic.__file__).parent / "wordlist" / "english.txt"
NODE = shutil.which("node")
SECONDS = 60


@pytest.mark.skipif(NODE is None, reason="node is not installed")
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.removesuffix(".test.mjs"))
def test_the_modules_do_what_their_tests_say(file: Path) -> None:
    assert NODE is not None
    done = subprocess.run(
        [NODE, "--no-warnings", "--test", file],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        env={**os.environ, "WORD_LIST": str(WORD_LIST), "VECTORS": str(VECTORS)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# pass 0" not in done.stdout, "the file has no test"


def test_every_part_has_its_tests() -> None:
    assert [file.name.removesuffix(".test.mjs") for file in FILES] == ["format", "keys", "tally", "voting", "words"]
