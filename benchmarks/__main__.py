"""All benchmarks: `python -m benchmarks [--form short|usual|full]`. Prints a table and writes `build/bench.json`."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.attack import AttackForm, measure_attack
from benchmarks.chain import ChainForm, measure_chain
from benchmarks.gateway import GatewayForm, measure_gateway
from benchmarks.growth import GrowthForm, measure_growth
from benchmarks.hour import HourForm, measure_hour
from benchmarks.index import IndexForm, measure_index
from benchmarks.population import ROUND_TIMEOUT_MS
from benchmarks.report import Report
from benchmarks.stages import measure_stages
from benchmarks.subscribers import SubscribersForm, measure_subscribers
from benchmarks.sync import SyncForm, measure_sync


@dataclass(frozen=True, slots=True)
class Form:
    """How much is measured. Figures of `growth` are named by the number of accounts."""

    chain: ChainForm
    growth: GrowthForm
    subscribers: SubscribersForm
    gateway: GatewayForm
    index: IndexForm
    sync: SyncForm
    attack: AttackForm


PARTS = ("stages", "quiet", "flood", "growth", "subscribers", "gateway", "index", "sync")
ATTACK = "attack"
HOUR = "hour"
"""Measured only when they are asked for."""
USUAL_CHAIN = ChainForm(
    accounts=6_000, warm_up_seconds=5, flood_votes=100_000, flood_seconds=400, quiet_seconds=20, expected_rate=1_300
)
USUAL_SUBSCRIBERS = SubscribersForm(subscribers=500, blocks=60)
USUAL_GATEWAY = GatewayForm(votes=100_000, rate=200, seconds=20)
USUAL_INDEX = IndexForm(accounts=6_250, rounds=16)
FULL_GROWTH = GrowthForm((1_000, 100_000, 1_000_000), validators=(1_000, 1_000_000))
SHORT_ATTACK = AttackForm(accounts=1_000, seconds=4, capacity=150, round_timeout_ms=ROUND_TIMEOUT_MS)
USUAL_ATTACK = AttackForm(accounts=6_000, seconds=20, capacity=500, round_timeout_ms=ROUND_TIMEOUT_MS)
USUAL_SYNC = SyncForm(heights=20_000)
FORMS = {
    "short": Form(
        ChainForm(
            accounts=2_000, warm_up_seconds=2, flood_votes=4_000, flood_seconds=20, quiet_seconds=4, expected_rate=1_000
        ),
        growth=GrowthForm((1_000,)),
        subscribers=SubscribersForm(subscribers=100, blocks=6),
        gateway=GatewayForm(votes=10_000, rate=100, seconds=3),
        index=IndexForm(accounts=1_000, rounds=4),
        sync=SyncForm(heights=500),
        attack=SHORT_ATTACK,
    ),
    "usual": Form(
        USUAL_CHAIN,
        GrowthForm((1_000, 100_000)),
        USUAL_SUBSCRIBERS,
        USUAL_GATEWAY,
        USUAL_INDEX,
        USUAL_SYNC,
        USUAL_ATTACK,
    ),
    "full": Form(USUAL_CHAIN, FULL_GROWTH, USUAL_SUBSCRIBERS, USUAL_GATEWAY, USUAL_INDEX, USUAL_SYNC, USUAL_ATTACK),
}


def main() -> None:
    """Measure what the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--form", choices=sorted(FORMS), default="usual")
    parser.add_argument("--only", choices=(*PARTS, ATTACK, HOUR), nargs="+", default=PARTS)
    parser.add_argument("--profile", metavar="NODE", default=None, help="write build/NODE.profile; slows that node")
    parser.add_argument("--keep", type=Path, metavar="DIR", default=None, help="leave the validators' homes in DIR")
    parser.add_argument(
        "--round-timeout-ms",
        type=int,
        default=ROUND_TIMEOUT_MS,
        help="of the chain; where other work takes the cores, a longer one keeps rounds from failing",
    )
    parser.add_argument("--seconds", type=int, default=3_600, help="of the part `hour`")
    parser.add_argument("--rate", type=int, default=500, help="votes a second in the part `hour`")
    parser.add_argument("--output", type=Path, default=Path("build/bench.json"))
    arguments = parser.parse_args()
    form = FORMS[arguments.form]
    chain = replace(form.chain, round_timeout_ms=arguments.round_timeout_ms)
    report = Report()
    report.head()
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    if "stages" in arguments.only:
        measure_stages(report)
    if "quiet" in arguments.only or "flood" in arguments.only:
        measure_chain(report, chain, parts=arguments.only, profiled=arguments.profile, kept=arguments.keep)
    if "growth" in arguments.only:
        measure_growth(report, form.growth)
    if "gateway" in arguments.only:
        measure_gateway(report, form.gateway)
    if "subscribers" in arguments.only:
        measure_subscribers(report, form.subscribers)
    if "index" in arguments.only:
        measure_index(report, form.index)
    if "sync" in arguments.only:
        measure_sync(report, form.sync)
    if ATTACK in arguments.only:
        measure_attack(report, replace(form.attack, round_timeout_ms=chain.round_timeout_ms), kept=arguments.keep)
    if HOUR in arguments.only:
        hour = HourForm(
            accounts=chain.accounts,
            seconds=arguments.seconds,
            rate=arguments.rate,
            round_timeout_ms=chain.round_timeout_ms,
        )
        measure_hour(report, hour, profiled=arguments.profile, kept=arguments.keep)
    report.write(arguments.output)


if __name__ == "__main__":
    main()
