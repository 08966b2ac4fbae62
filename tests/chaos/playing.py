"""Plays a manifest on real processes, and checks and measures what comes after the storm."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from tests.chaos.checking import Progress, check_ending, epoch_of, measure_progress, wait_until_epoch
from tests.chaos.faults import FullDisk, Scene, WrongClock
from tests.chaos.manifest import Manifest, names_of
from tests.chaos.operators import operators_of
from tests.faults.disks import small_disk
from tests.faults.history import count_set_changes
from tests.faults.links import Links, running_links
from tests.faults.load import load_on
from tests.faults.namespaces import Namespaces, can_make_namespaces, network_namespaces
from tests.faults.network import Network, running_network

_pause = Event().wait


@dataclass(frozen=True, slots=True)
class Figures:
    """What a manifest came to."""

    manifest: Manifest
    in_namespaces: bool
    height: int
    epochs: int
    set_changes: int
    reported: int
    disks_noticed: int
    progress: Progress

    def __str__(self) -> str:
        kinds = ", ".join(type(each.fault).__name__ for each in self.manifest.faults)
        return (
            f"{self.manifest.name}: {self.manifest.validators} validators, "
            f"{'namespaces' if self.in_namespaces else 'proxies'}; {kinds}; {self.height} blocks, {self.epochs} epochs "
            f"ended since the storm began, {self.set_changes} of all began with another set; {self.reported} "
            f"transactions, {self.disks_noticed} ended by a full disk; {self.progress}"
        )


def play(manifest: Manifest, directory: Path) -> Figures:
    """Play a manifest in an empty directory; an assertion fails where a promise is broken."""
    with staged(manifest, directory) as scene:
        network = scene.network
        with load_on(urls_of(network, manifest), network.keys, clients=manifest.clients) as load:
            load.wait_for_more()
            first_epoch = epoch_of(network)
            blow(manifest, scene)
            progress = measure_progress(network)
            load.wait_for_more()
            scene.operators.wait()
            wait_until_epoch(network, first_epoch + 1)
            epochs = epoch_of(network) - first_epoch
        height = check_ending(network, load)
        set_changes = count_set_changes(network)
        assert set_changes == manifest.set_changes, f"{set_changes} epochs began with another validator set"
        return Figures(
            manifest=manifest,
            in_namespaces=isinstance(scene.links, Namespaces),
            height=height,
            epochs=epochs,
            set_changes=set_changes,
            reported=len(load.reported),
            disks_noticed=scene.disks_noticed,
            progress=progress,
        )


def urls_of(network: Network, manifest: Manifest) -> tuple[str, ...]:
    """Whom clients and operators ask. Not a node whose clock will be wrong: what others accept has expired for it, or
    the other way round."""
    wrong = {each.fault.victim for each in manifest.faults if isinstance(each.fault, WrongClock)}
    return tuple(node.url for node in network.nodes if node.node.name not in wrong)


@contextmanager
def staged(manifest: Manifest, directory: Path) -> Iterator[Scene]:
    """The network of a manifest, running and connected; nothing of it is left afterwards."""
    with ExitStack() as stack:
        names = names_of(manifest.validators)
        in_namespaces = manifest.has_namespaces and can_make_namespaces()
        namespaces = stack.enter_context(network_namespaces(names)) if in_namespaces else None
        links = stack.enter_context(running_links()) if namespaces is None else namespaces
        network = stack.enter_context(
            running_network(
                directory,
                validators=manifest.validators,
                links=links if isinstance(links, Links) else None,
                namespaces=namespaces,
                own_clocks=True,
                epoch_blocks=manifest.epoch_blocks,
            )
        )
        victims = sorted({each.fault.victim for each in manifest.faults if isinstance(each.fault, FullDisk)})
        disks = {name: stack.enter_context(small_disk(network.named(name))) for name in victims}
        network.wait_until_connected()
        operators = stack.enter_context(operators_of(network, urls_of(network, manifest)))
        yield Scene(network, operators, links, disks)


def blow(manifest: Manifest, scene: Scene) -> None:
    """Bring each fault about at its time, until the last one has ended."""
    began = time.monotonic()
    changes = [(each.at_ms, each.fault.begin) for each in manifest.faults]
    changes += [(each.ends_at_ms, each.fault.end) for each in manifest.faults]
    for at_ms, change in sorted(changes, key=lambda each: each[0]):
        _pause(max(0.0, began + at_ms / 1_000 - time.monotonic()))
        change(scene)
