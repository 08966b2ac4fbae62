"""What every command has, found by walking all of them."""

from collections.abc import Iterator
from importlib import import_module

import click
import pytest

from daonode.cli.lazy import COMMANDS_PACKAGE
from daonode.cli.main import RootGroup


def _leaves(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        if command.invoke_without_command:
            yield path, command
        for name, inner in command.commands.items():
            yield from _leaves(f"{path} {name}", inner)
    else:
        yield path, command


COMMANDS = {
    path: command
    for name in RootGroup.entries
    for path, command in _leaves(name, import_module(f"{COMMANDS_PACKAGE}.{name}").command)
}


def _options(command: click.Command) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts}


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_takes_a_home_a_node_and_an_output_format(path: str) -> None:
    assert {"--home", "--rpc", "--output", "-o"} <= _options(COMMANDS[path])


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_that_pays_a_fee_takes_a_key(path: str) -> None:
    options = _options(COMMANDS[path])
    assert ("--max-fee" in options) <= ("--from" in options)


def test_the_walk_found_commands_of_groups() -> None:
    assert {"vote cast", "testnet start", "dev", "dev warp", "dev fault pause", "version"} <= set(COMMANDS)
