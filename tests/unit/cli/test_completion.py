"""What the shell offers when a person presses the tab key."""

from pathlib import Path

from click.shell_completion import ShellComplete

from daonode.cli.main import root
from tests.unit.cli.running import Shell


def completions(*arguments: str, typed: str) -> list[str]:
    """What is offered for a word that was begun."""
    complete = ShellComplete(root, {}, "daonode", "_DAONODE_COMPLETE")
    return [item.value for item in complete.get_completions(list(arguments), typed)]


def test_commands_and_those_of_groups_are_completed() -> None:
    assert completions(typed="pro") == ["proposal"]
    assert completions("vote", typed="") == ["cast", "delegate", "remove", "show", "undelegate"]


def test_names_of_keys_are_completed(tmp_path: Path) -> None:
    shell = Shell(home=tmp_path)
    for name in ("alice", "alan", "bob"):
        shell.json("keys", "add", name, "--no-password")
    assert completions("keys", "show", "--home", str(tmp_path), typed="al") == ["alan", "alice"]
    assert completions("vote", "cast", "1", "yes", "--home", str(tmp_path), "--from", typed="b") == ["bob"]


def test_nothing_is_offered_and_nothing_said_without_a_node(tmp_path: Path) -> None:
    assert completions("proposal", "show", "--home", str(tmp_path), "--rpc", "http://127.0.0.1:9", typed="") == []
