"""What each guess at a stolen key file's password costs: argon2id at 64 MiB, written, measured and insisted on."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from daonode.client.errors import WeakKeyFile, WrongPassword
from daonode.client.keystore import Keystore

WORDS = "abandon " * 11 + "about"
PASSWORD = "correct horse battery staple"
KIB = 1024
MEASURE = """
import re, sys
from pathlib import Path
from daonode.client.errors import WrongPassword
from daonode.client.keystore import Keystore

def highest_kib():
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])

keystore = Keystore(Path(sys.argv[1]))
keystore.list()
before_kib = highest_kib()
try:
    keystore.unlock("alice", "a guess")
except WrongPassword:
    print(highest_kib() - before_kib)
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    keystore = Keystore(tmp_path_factory.mktemp("home") / "keys")
    return keystore.add("alice", WORDS, coin_type=1, password=PASSWORD).file


def test_a_key_file_is_written_for_64_mib_and_three_passes_a_guess(file: Path) -> None:
    written = json.loads(file.read_text())["encryption"]
    assert written["kind"] == "argon2id-aes256gcm"
    assert (written["memory_kib"], written["passes"]) == (64 * KIB, 3)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_guess_takes_64_mib(file: Path) -> None:
    command = [sys.executable, "-c", MEASURE, str(file.parent)]
    grown_kib = int(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout)
    # Some of it may fit in memory that the process had before.
    assert grown_kib > 56 * KIB


@pytest.mark.parametrize(("field", "value"), [("memory_kib", 64 * KIB - 1), ("memory_kib", 8), ("passes", 2)])
def test_a_file_whose_guesses_cost_less_is_listed_and_not_opened(
    file: Path, tmp_path: Path, field: str, value: int
) -> None:
    form = json.loads(file.read_text())
    form["encryption"][field] = value
    weak = tmp_path / "alice.json"
    weak.write_text(json.dumps(form))
    weak.chmod(0o600)
    keystore = Keystore(tmp_path)
    assert [entry.name for entry in keystore.list().entries] == ["alice"]
    with pytest.raises(WeakKeyFile, match="expected at least 65536 KiB and 3 passes") as refusal:
        keystore.unlock("alice", PASSWORD)
    assert "keys import" in refusal.value.hint


def test_a_wrong_password_says_nothing_of_the_right_one(file: Path) -> None:
    with pytest.raises(WrongPassword) as refusal:
        Keystore(file.parent).unlock("alice", "a guess")
    assert PASSWORD not in str(refusal.value)
