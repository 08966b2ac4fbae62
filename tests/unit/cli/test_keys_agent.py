"""`daonode keys agent`: one password, then commands that sign without it, until its time is over."""

import json
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from daonode.cli.failures import ExitCode
from tests.unit.cli.running import Shell

PASSWORD = "correct horse"
END_SECONDS = 10.0


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with two keys of one password, one of another, and one without."""
    shell = Shell(home=tmp_path_factory.mktemp("keys"))
    for name, password in (("yan", PASSWORD), ("zoe", PASSWORD), ("xenia", "another")):
        shell.json("keys", "add", name, stdin=password + "\n")
    shell.json("keys", "add", "plain", "--no-password")
    return shell.home / "keys"


@pytest.fixture
def shell(keys: Path, tmp_path: Path) -> Iterator[Shell]:
    """A home with these keys; an agent that runs at the end is ended."""
    shutil.copytree(keys, tmp_path / "home" / "keys")
    shell = Shell(home=tmp_path / "home")
    yield shell
    shell.here("keys", "agent", "stop")


def start(shell: Shell, *arguments: str, stdin: str = PASSWORD + "\n") -> subprocess.CompletedProcess[str]:
    """Run `keys agent start` as a process, because it leaves another behind."""
    command = [sys.executable, "-m", "daonode", "keys", "agent", "start", *arguments]
    home = ["--home", str(shell.home), "-o", "json"]
    return subprocess.run([*command, *home], input=stdin, capture_output=True, text=True, timeout=60, check=False)


def started(shell: Shell, *arguments: str) -> Any:
    done = start(shell, *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def wait_for_end(process_id: int) -> None:
    """Wait until a process that is not ours has ended."""
    try:
        descriptor = os.pidfd_open(process_id)
    except ProcessLookupError:
        return
    try:
        ended, _, _ = select.select([descriptor], [], [], END_SECONDS)
        assert ended, "the agent did not end"
    finally:
        os.close(descriptor)


def test_one_password_unlocks_every_key_that_it_opens_and_commands_sign_without_it(shell: Shell) -> None:
    told = started(shell)
    assert told["keys"] == ["yan", "zoe"]
    assert shell.json("keys", "agent", "status")["keys"] == ["yan", "zoe"]
    assert (shell.home / "agent.sock").stat().st_mode & 0o777 == 0o600
    for name in ("yan", "zoe"):
        signature = shell.json("keys", "sign", "hello", "--from", name)["signature"]
        assert shell.json("keys", "verify", "hello", "--public-key", name, "--signature", signature)["valid"] is True
    assert shell.here("keys", "sign", "hello", "--from", "xenia").code == ExitCode.KEY
    assert shell.json("keys", "sign", "hello", "--from", "xenia", stdin="another\n")["text"] == "hello"


def test_words_are_shown_for_the_password_alone_whatever_the_agent_holds(shell: Shell) -> None:
    started(shell, "zoe")
    result = shell.here("keys", "export", "zoe")
    assert result.code == ExitCode.KEY
    assert result.written == ""


def test_it_ends_when_its_time_is_over(shell: Shell) -> None:
    told = started(shell, "zoe", "--ttl", "1s")
    wait_for_end(told["pid"])
    assert shell.json("keys", "agent", "status")["running"] is False
    assert not (shell.home / "agent.sock").exists()
    assert shell.here("keys", "sign", "hello", "--from", "zoe").code == ExitCode.KEY


def test_it_ends_when_it_is_told_to(shell: Shell) -> None:
    told = started(shell, "zoe")
    assert shell.json("keys", "agent", "stop")["stopped"] is True
    wait_for_end(told["pid"])
    assert shell.json("keys", "agent", "stop")["stopped"] is False


def test_its_memory_is_written_to_no_core_file(shell: Shell) -> None:
    told = started(shell, "zoe")
    limits = Path(f"/proc/{told['pid']}/limits").read_text().splitlines()
    assert [line.split()[4:6] for line in limits if line.startswith("Max core file size")] == [["0", "0"]]


def test_a_second_one_is_refused(shell: Shell) -> None:
    started(shell, "zoe")
    second = start(shell)
    assert second.returncode == ExitCode.KEY
    assert "already" in second.stderr


@pytest.mark.parametrize(
    ("arguments", "stdin", "said", "code"),
    [
        (["zoe"], "wrong\n", "wrong password", ExitCode.KEY),
        ([], "wrong\n", "opens none of: xenia, yan, zoe", ExitCode.KEY),
        (["zoe", "xenia"], PASSWORD + "\n", "wrong password", ExitCode.KEY),
        (["nobody"], "", "no key nobody", ExitCode.KEY),
        (["plain"], "", "not encrypted: plain", ExitCode.KEY),
        (["--ttl", "25h"], "", "expected 1s to 1d", ExitCode.USAGE),
        (["--ttl", "soon"], "", "such as 36h", ExitCode.USAGE),
    ],
)
def test_what_cannot_be_unlocked_leaves_no_agent(
    shell: Shell, arguments: list[str], stdin: str, said: str, code: ExitCode
) -> None:
    result = shell.here("keys", "agent", "start", *arguments, stdin=stdin)
    assert result.code == code
    assert said in result.said
    assert not (shell.home / "agent.sock").exists()
