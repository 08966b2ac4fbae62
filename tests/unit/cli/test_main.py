"""The root command: quick help, nearest names, and every failure as a code and a sentence."""

import subprocess
import sys
from pathlib import Path

import pytest

from daonode.cli.failures import ExitCode, report
from daonode.cli.main import RootGroup
from daonode.client.answers import TransactionAnswer
from daonode.client.errors import (
    BadAnswer,
    NotFound,
    OutcomeUnknown,
    Rejected,
    RpcError,
    StateNotProven,
    Unavailable,
    Unreachable,
    WrongPassword,
)
from daonode.client.submission import ExecutionFailed
from daonode.genesis.errors import GenesisError
from daonode.primitives.ids import TxId
from tests.unit.cli.running import Shell

HEAVY = ("trio", "libp2p", "httpx", "nacl", "msgspec", "plyvel", "structlog", "yaml", "anycorn", "starlette", "Crypto")
TX = TxId(bytes(32))


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(home=tmp_path / "home")


def test_help_imports_no_library_but_those_that_draw_it() -> None:
    script = "import sys; from daonode.cli.main import run; run(['--help']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    imported = set(done.stderr.split())
    assert not imported.intersection(HEAVY)
    assert {name for name in imported if name.startswith("daonode.")} == {
        "daonode.cli",
        "daonode.cli.lazy",
        "daonode.cli.main",
    }


@pytest.mark.parametrize("name", list(RootGroup.entries))
def test_every_command_of_the_root_has_help(shell: Shell, name: str) -> None:
    result = shell.run(name, "--help")
    assert result.code == 0
    assert f"daonode {name}" in result.written


def test_an_unknown_command_names_the_nearest(shell: Shell) -> None:
    result = shell.run("proposl", "list")
    assert result.code == ExitCode.USAGE
    assert "'proposal'" in result.said


def test_an_unknown_command_of_a_group_names_the_nearest(shell: Shell) -> None:
    result = shell.run("vote", "delegat", "bob")
    assert result.code == ExitCode.USAGE
    assert "'delegate'" in result.said


def test_an_unknown_option_names_the_nearest(shell: Shell) -> None:
    result = shell.run("testnet", "init", "--validator", "4")
    assert result.code == ExitCode.USAGE
    assert "--validators" in result.said
    assert result.written == ""


def test_an_option_that_is_a_command_names_the_command(shell: Shell) -> None:
    result = shell.run("--version")
    assert result.code == ExitCode.USAGE
    assert "`daonode version`" in result.said


def test_an_unknown_option_of_a_group_without_options_ends_with_a_whole_sentence(shell: Shell) -> None:
    assert "Known: ." not in shell.run("-v").said


@pytest.mark.parametrize("option", ["--timeout", "--gas-limit", "--max-fee"])
def test_a_negative_bound_of_a_transaction_is_refused_before_anything_is_sent(shell: Shell, option: str) -> None:
    result = shell.here("vote", "cast", "1", "yes", "--from", "alice", option, "-1")
    assert result.code == ExitCode.USAGE
    assert option in result.said


def test_a_value_of_the_wrong_kind_says_what_would_be_right(shell: Shell) -> None:
    result = shell.run("tx", "show", "0x12")
    assert result.code == ExitCode.USAGE
    assert "64 hex digits" in result.said


def test_what_is_neither_a_file_nor_hex_is_no_transaction(shell: Shell) -> None:
    result = shell.here("tx", "decode", "12ab")
    assert result.code == ExitCode.USAGE
    assert "there is no file '12ab'" in result.said


def test_an_unreachable_node_ends_with_6(shell: Shell) -> None:
    result = shell.run("status", "--rpc", "http://127.0.0.1:9")
    assert result.code == ExitCode.UNREACHABLE
    assert "http://127.0.0.1:9" in result.said


def test_a_home_without_a_genesis_document_is_named(shell: Shell) -> None:
    result = shell.here("query", "accounts", "balance", "alice")
    assert result.code == ExitCode.USAGE
    assert str(shell.home) in result.said


def test_a_mistyped_home_asks_no_other_node_instead(shell: Shell) -> None:
    result = shell.here("status")
    assert result.code == ExitCode.USAGE
    assert str(shell.home) in result.said


def test_the_directory_of_a_network_names_the_home_of_its_first_node(shell: Shell) -> None:
    (shell.home / "node0").mkdir(parents=True)
    result = shell.here("status")
    assert result.code == ExitCode.USAGE
    assert f"did you mean {shell.home / 'node0'}?" in result.said


def test_a_home_of_keys_alone_is_a_home(shell: Shell) -> None:
    assert shell.here("keys", "add", "zoe", "--no-password").code == ExitCode.SUCCESS
    assert "is no home" not in shell.here("status").said


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (WrongPassword("no"), ExitCode.KEY),
        (Rejected("no", code=-32003), ExitCode.REJECTED),
        (Unreachable("no", url="http://x"), ExitCode.UNREACHABLE),
        (Unavailable("no", code=-32002), ExitCode.UNREACHABLE),
        (BadAnswer("no"), ExitCode.UNREACHABLE),
        (StateNotProven("no"), ExitCode.UNREACHABLE),
        (OutcomeUnknown("no", tx_id=TX), ExitCode.UNKNOWN_OUTCOME),
        (NotFound("no", code=-32001), ExitCode.NOT_FOUND),
        (RpcError("no", code=-32000), ExitCode.USAGE),
        (GenesisError(path="$.modules", reason="no"), ExitCode.USAGE),
        (
            ExecutionFailed(
                "no",
                code=1,
                answer=TransactionAnswer(
                    tx_id=TX, is_committed=True, height=1, index=0, block_id=None, receipt=None, shown={}
                ),
            ),
            ExitCode.FAILED,
        ),
        (KeyError("a defect"), ExitCode.INTERNAL),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_each_kind_of_failure_has_its_exit_code(error: Exception, code: ExitCode) -> None:
    assert report(error) == code


def test_what_ends_a_nursery_decides_the_code() -> None:
    assert report(ExceptionGroup("nursery", [ExceptionGroup("inner", [WrongPassword("no")])])) == ExitCode.KEY
