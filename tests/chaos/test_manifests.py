"""Storms of faults drawn from seeds, on real processes: afterwards one chain, no promise broken, all caught up.

`python -m tests.chaos SEED` plays one of them again.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pytest

from tests.chaos.faults import Absence, BadWeather, FullDisk, Kill, NewKey, Partition, Pause, Stop, WrongClock
from tests.chaos.manifest import MIN_FAULTS, STORM_MS, Manifest, Timed, generate
from tests.chaos.playing import play
from tests.faults.links import Weather

MANIFESTS = 24
HOUR_MS = 3_600_000
SHORT = Manifest(
    name="short",
    validators=4,
    epoch_blocks=8,
    clients=3,
    has_namespaces=False,
    faults=(
        Timed(300, 3_000, BadWeather(Weather(delay_ms=20, jitter_ms=20, stalls=20, resets=2))),
        Timed(600, 1_500, Kill(("node3",))),
        Timed(800, 4_000, WrongClock("node1", HOUR_MS)),
        Timed(3_000, 1_500, Pause(("node0", "node1"))),
        Timed(5_000, 2_000, Partition(("node2",))),
        Timed(5_500, 1_000, Stop(("node0",))),
    ),
)


def play_and_tell(manifest: Manifest, directory: Path, record: Callable[[str, object], None], *, replay: str) -> None:
    """Play a manifest; what it was and how to play it again stands in the output of a test that fails."""
    sys.stdout.write(f"{manifest}\nreplay: {replay}\n")
    record("figures", str(play(manifest, directory)))


def test_a_manifest_follows_from_its_seed_alone() -> None:
    assert generate(7) == generate(7)
    assert str(generate(7)) == str(generate(7))
    assert generate(7) != generate(8)


def test_the_manifests_hold_every_fault_several_times_and_none_befalls_one_thing_twice_at_once() -> None:
    manifests = [generate(seed) for seed in range(MANIFESTS)]
    kinds = Counter(type(each.fault) for manifest in manifests for each in manifest.faults)
    for kind in (Kill, Stop, Pause, Partition, BadWeather, FullDisk, WrongClock, Absence, NewKey):
        assert kinds[kind] >= 4, kinds
    assert {manifest.validators for manifest in manifests} == {4, 5, 6, 7}
    assert {manifest.has_namespaces for manifest in manifests} == {True, False}
    for manifest in manifests:
        assert len(manifest.faults) >= MIN_FAULTS, manifest
        assert all(each.ends_at_ms <= STORM_MS for each in manifest.faults), manifest
        assert not [pair for pair in combinations(manifest.faults, 2) if pair[0].collides(pair[1])], manifest


def test_a_short_storm_breaks_no_promise(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    play_and_tell(
        SHORT, tmp_path / "network", record_property, replay="python -m pytest tests/chaos/test_manifests.py -k short"
    )


@pytest.mark.soak
@pytest.mark.timeout(400, func_only=True)
@pytest.mark.parametrize("seed", range(MANIFESTS))
def test_a_storm_breaks_no_promise(seed: int, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    play_and_tell(generate(seed), tmp_path / "network", record_property, replay=f"python -m tests.chaos {seed}")
