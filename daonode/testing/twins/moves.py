"""What a round of a scenario may be, and which are alike: the honest are, and so are the two of a pair of twins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations, product


@dataclass(frozen=True, slots=True)
class Cast:
    """So many validators of equal power, of whom the last `twins` are played by two machines each."""

    validators: int
    twins: int

    @property
    def machines(self) -> tuple[int, ...]:
        """The validator that the machine at each place is."""
        return (*range(self.validators), *self.liars)

    @property
    def honest(self) -> tuple[int, ...]:
        """The validators that are one machine, each at the place of its own number."""
        return tuple(range(self.validators - self.twins))

    @property
    def liars(self) -> tuple[int, ...]:
        """The validators that are two."""
        return tuple(range(self.validators - self.twins, self.validators))


@dataclass(frozen=True, slots=True)
class Move:
    """One round: who leads, and on which of two sides each machine stands. The first machine is on side 0."""

    leader: int
    sides: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Relabelling:
    """Another order of the validators and of their machines that changes nothing."""

    validators: tuple[int, ...]
    """Whose part each validator takes."""
    machines: tuple[int, ...]

    def apply(self, move: Move) -> Move:
        """The same round under the other names."""
        sides = [0] * len(move.sides)
        for machine, side in enumerate(move.sides):
            sides[self.machines[machine]] = side
        return Move(self.validators[move.leader], tuple(side ^ sides[0] for side in sides))


def all_moves(cast: Cast) -> tuple[Move, ...]:
    """Every leader with every way to split the machines, all on one side among them."""
    splits = product((0, 1), repeat=len(cast.machines) - 1)
    return tuple(Move(leader, (0, *split)) for split in splits for leader in range(cast.validators))


def all_relabellings(cast: Cast) -> tuple[Relabelling, ...]:
    """Every order of the honest with every exchange of twins; the one that changes nothing is the first."""
    return tuple(_relabellings(cast))


def unlike(moves: tuple[Move, ...], relabellings: tuple[Relabelling, ...]) -> Iterator[Move]:
    """One of each kind of moves that the relabellings make of one another."""
    seen: dict[Move, None] = {}
    for move in moves:
        if move not in seen:
            seen.update((relabelling.apply(move), None) for relabelling in relabellings)
            yield move


def _relabellings(cast: Cast) -> Iterator[Relabelling]:
    first_twin = cast.validators
    for order in permutations(cast.honest):
        for liars in permutations(cast.liars):
            validators = (*order, *liars)
            for exchanged in product((False, True), repeat=cast.twins):
                machines = list(validators) + [0] * cast.twins
                for place, liar in enumerate(cast.liars):
                    one, other = validators[liar], first_twin + cast.liars.index(validators[liar])
                    machines[liar], machines[first_twin + place] = (other, one) if exchanged[place] else (one, other)
                yield Relabelling(validators, tuple(machines))
