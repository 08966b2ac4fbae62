"""The JavaScript wallet of the examples makes and verifies what the vectors say, in Node."""

import shutil
import subprocess
from pathlib import Path

import mnemonic
import pytest

HERE = Path(__file__).parent
WORD_LIST = Path(mnemonic.__file__).parent / "wordlist" / "english.txt"
SECTIONS = ("encodings", "keys", "texts", "transactions", "certificates", "receipts", "state", "unproven")
NODE = shutil.which("node")


@pytest.mark.skipif(NODE is None, reason="node is not installed")
@pytest.mark.usefixtures("vectors")
def test_the_javascript_wallet_passes_the_vectors() -> None:
    assert NODE is not None
    command = [NODE, "--no-warnings", HERE / "check_vectors.mjs", HERE / "transaction_vectors.json", WORD_LIST]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"{section}: ok" for section in SECTIONS]
