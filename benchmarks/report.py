"""The figures of one run: a table for people, `build/bench.json` for programs. Names are stable."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Report:
    """Figures in the order in which they were measured; each is printed as it comes."""

    figures: dict[str, tuple[float, str]] = field(default_factory=dict)

    def head(self) -> None:
        """Print what it runs on."""
        load = " ".join(f"{each:.1f}" for each in os.getloadavg())
        print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {load}")

    def add(self, name: str, value: float, unit: str) -> None:
        """Take a figure."""
        self.figures[name] = (value, unit)
        print(f"  {name:<34} {value:12.2f} {unit}", flush=True)

    def add_row(self, name: str, values: Mapping[str, tuple[float, str]]) -> None:
        """Take the figures `<name>_<key>` that belong together; they are printed on one line."""
        self.figures |= {f"{name}_{key}": figure for key, figure in values.items()}
        print(f"  {name}  " + "  ".join(f"{key} {value:.2f}" for key, (value, _) in values.items()), flush=True)

    def value(self, name: str) -> float:
        """A figure measured before."""
        return self.figures[name][0]

    def write(self, path: Path) -> None:
        """Write all figures."""
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {name: {"value": value, "unit": unit} for name, (value, unit) in self.figures.items()}
        path.write_text(json.dumps(content, indent=2) + "\n")
