"""What is installed is what runs in a checkout: files that are no Python must be named to be packed."""

from pathlib import Path

import pytest
from setuptools import Distribution

from tests.tidy.sources import ROOT


def test_every_file_of_the_package_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    distribution = Distribution({"script_name": "setup.py"})
    distribution.parse_config_files(["setup.cfg"])
    building = distribution.get_command_obj("build_py")
    building.ensure_finalized()
    packed = {Path(source) for _, _, source in building.find_all_modules()}
    packed |= {Path(folder, name) for _, folder, _, names in building.data_files for name in names}
    there = {path.relative_to(ROOT) for path in (ROOT / "daonode").rglob("*") if path.is_file()}
    assert {path for path in there - packed if "__pycache__" not in path.parts} == set()
