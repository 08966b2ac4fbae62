"""`python -m daonode.testing`: play runs, or one again, with less in it; hunt mutants; explore; measure."""

from __future__ import annotations

import argparse
import sys

from daonode.testing import commands
from daonode.testing.mutants.catalogue import MUTANTS
from daonode.testing.reduction import WHOLE
from daonode.testing.scenarios import FAULTS, SCENARIOS

MUTANT_HELP = "break this clause first"


def main() -> int:
    """Read the command line; the exit code is 1 when an invariant broke."""
    parser = argparse.ArgumentParser(prog="python -m daonode.testing", description=__doc__)
    adders = parser.add_subparsers(dest="command", required=True)
    replay = adders.add_parser("replay", help="play one run again and show its trace")
    replay.add_argument("--faults", type=_places, help="keep only these, by their places: 0,3")
    replay.add_argument("--unfair-to", type=_names, default=WHOLE.unfair_to, help="spare all other kinds of messages")
    replay.add_argument("--storm-ms", type=int, default=WHOLE.storm_ms, help="the calm begins after so long")
    shrink = adders.add_parser("shrink", help="find a smaller run that fails alike, and show its trace")
    for one in (replay, shrink):
        one.add_argument("--seed", type=int, required=True)
        one.add_argument("--scenario", choices=SCENARIOS, default=FAULTS.name)
        one.add_argument("--mutant", choices=MUTANTS, help=MUTANT_HELP)
    many = adders.add_parser("run", help="play many runs")
    many.add_argument("--seeds", type=int, default=100, help="how many")
    many.add_argument("--first", type=int, default=0, help="the first seed")
    many.add_argument("--scenario", choices=SCENARIOS, default=FAULTS.name)
    kill = adders.add_parser("mutants", help="hunt mutants, all of them or some")
    kill.add_argument("names", nargs="*", choices=[[], *MUTANTS])
    kill.add_argument("--runs", type=int, default=100, help="the most runs for each")
    explore = adders.add_parser("explore", help="go through every order of signing")
    explore.add_argument("--rounds", type=int, default=3, help="up to this round")
    explore.add_argument("--copies", type=int, default=1, help="blocks on a parent in a round")
    explore.add_argument("--states", type=int, help="stop at so many")
    explore.add_argument("--walks", type=int, help="go from the first state to an end so many times, by chance")
    explore.add_argument("--mutant", choices=MUTANTS, help=MUTANT_HELP)
    twins = adders.add_parser("twins", help="go through every way to split a network with twins, round by round")
    twins.add_argument("--validators", type=int, default=4)
    twins.add_argument("--twins", type=int, default=1, help="of them, so many are two machines each")
    twins.add_argument("--rounds", type=int, default=2)
    twins.add_argument("--scenarios", type=int, help="draw so many, instead of going through all")
    twins.add_argument("--seed", type=int, default=0, help="what they are drawn from")
    twins.add_argument("--mutant", choices=MUTANTS, help=MUTANT_HELP)
    adders.add_parser("figures", help="how long commits take on virtual time")
    arguments = vars(parser.parse_args())
    command: str = arguments.pop("command")
    return commands.COMMANDS[command](**arguments)


def _places(text: str) -> tuple[int, ...]:
    return tuple(int(place) for place in _names(text))


def _names(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(",") if part)


if __name__ == "__main__":
    sys.exit(main())
