"""`daonode testnet`: make and run a network of validators on this machine."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, cast

import rich_click as click

from daonode.cli.lazy import SuggestingGroup
from daonode.cli.parameters import AMOUNT, DURATION
from daonode.cli.session import FORMATS, Command, Session, common, home_option, with_session
from daonode.primitives.json_form import Json

if TYPE_CHECKING:
    from daonode.cli.network.supervisor import Network

DEFAULT_CHAIN_ID = "daonode:testnet"


def _where_and_how(command: Command) -> Command:
    """Give a command an `-o` that takes a directory, and given again a format."""

    @click.option(
        "-o",
        "--output",
        "outputs",
        multiple=True,
        metavar="DIR|table|json|yaml",
        help="The directory to write to; given again with a format, how the result is shown.",
    )
    @functools.wraps(command)
    def wrapped(*args: object, outputs: tuple[str, ...], **options: object) -> None:
        directories = [Path(each) for each in outputs if each not in FORMATS]
        formats = [each for each in outputs if each in FORMATS]
        if len(directories) != 1:
            raise click.UsageError("say where to: -o DIR")
        command(*args, directory=directories[0], output=formats[-1] if formats else None, **options)

    return wrapped


@click.group(cls=SuggestingGroup)
def command() -> None:
    """Make and run test networks on this machine."""


@command.command()
@home_option
@click.option("--validators", type=click.IntRange(1, 64), default=4, show_default=True, help="How many validators.")
@click.option("--chain-id", default=DEFAULT_CHAIN_ID, show_default=True, help="CAIP-2 id of the chain.")
@click.option("--voting-period", type=DURATION, default="7d", show_default=True, help="How long a vote lasts.")
@click.option("--confirm-period", type=DURATION, default="0s", show_default=True, help="How long it must be passing.")
@click.option("--prepare-period", type=DURATION, default="0s", show_default=True, help="Before the vote begins.")
@click.option("--timelock", type=DURATION, default="2d", show_default=True, help="From passing to execution.")
@click.option("--grace", type=DURATION, default="14d", show_default=True, help="How long execution may be retried.")
@click.option(
    "--deposit", type=AMOUNT, default=10_000_000, show_default=True, help="Deposit of a proposal, base units."
)
@click.option("--seed", default=None, help="The same seed gives the same keys; without one they are random.")
@click.option(
    "--base-port", type=click.IntRange(1024, 64_000), default=None, help="Ports from this on; by default free ones."
)
@click.option(
    "--clock-file",
    type=click.Path(path_type=Path, resolve_path=True),
    default=None,
    help="A clock offset that all share.",
)
@_where_and_how
@with_session
def init(session: Session, directory: Path, **options: object) -> None:
    """Write the homes of a network, genesis.json and accounts.json.

    The accounts are funded members whose keys are in every home and need no password.
    """
    from daonode.cli.network.homes import TestnetPlan, make_testnet
    from daonode.genesis.builder import Periods
    from daonode.primitives.ids import check_chain_id
    from daonode.primitives.units import Amount, DurationMs

    numbers = cast(dict[str, int], options)
    plan = TestnetPlan(
        validators=numbers["validators"],
        chain_id=check_chain_id(str(options["chain_id"])),
        periods=Periods(
            prepare=DurationMs(numbers["prepare_period"]),
            decision=DurationMs(numbers["voting_period"]),
            confirm=DurationMs(numbers["confirm_period"]),
            enactment=DurationMs(numbers["timelock"]),
            grace=DurationMs(numbers["grace"]),
        ),
        deposit=Amount(numbers["deposit"]),
        seed=cast(str | None, options["seed"]),
        base_port=cast(int | None, options["base_port"]),
        clock_file=cast(Path | None, options["clock_file"]),
    )
    make_testnet(directory, plan)
    result: dict[str, Json] = {
        "directory": str(directory),
        "chain_id": plan.chain_id,
        "validators": plan.validators,
        "start": f"daonode testnet start {directory}",
    }
    session.show(result)


@command.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--restart/--no-restart", default=False, help="Start a process again that ends on its own.")
@click.option("--gateway", "has_gateway", is_flag=True, help="Run an indexer and a gateway too, in the home of node0.")
@common
def start(session: Session, directory: Path, restart: bool, has_gateway: bool) -> None:
    """Run one process per validator until Ctrl-C; network.json says where each listens once all answer."""
    import trio

    from daonode.cli.network.supervisor import Supervisor

    def on_ready(network: Network) -> None:
        rows: list[Json] = [
            {"name": each.name, "rpc": f"http://{each.rpc}", "home": str(each.home.path)} for each in network.nodes
        ]
        session.show(rows)
        if network.read_side is not None:
            session.say(f"the page is at {network.read_side.url}")
        session.say("all validators answer; Ctrl-C ends them")

    supervisor = Supervisor(directory, restart=restart, report=session.say, has_gateway=has_gateway)
    trio.run(functools.partial(supervisor.run, on_ready))
