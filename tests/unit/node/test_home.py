"""The files of a home: secrets are private, and nothing of theirs is overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from daonode.node.home import Home, HomeError, read_seed, write_seed

SEED = bytes(range(32))


def test_a_seed_is_written_for_its_owner_alone_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "node_key"
    write_seed(path, SEED)
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_seed(path) == SEED


def test_a_seed_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "node_key"
    write_seed(path, SEED)
    with pytest.raises(HomeError, match="never overwritten"):
        write_seed(path, bytes(32))
    assert read_seed(path) == SEED


def test_a_seed_that_others_can_read_is_refused_with_the_command_that_helps(tmp_path: Path) -> None:
    path = tmp_path / "node_key"
    write_seed(path, SEED)
    path.chmod(0o640)
    with pytest.raises(HomeError, match=f"chmod 600 {path}"):
        read_seed(path)


@pytest.mark.parametrize("content", ["", "zz" * 32, "00" * 31, "00" * 33])
def test_what_is_no_seed_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "node_key"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(HomeError, match="64 hexadecimal digits"):
        read_seed(path)


def test_a_missing_seed_is_named(tmp_path: Path) -> None:
    with pytest.raises(HomeError, match="node_key is missing"):
        read_seed(tmp_path / "node_key")


def test_a_home_keeps_its_keys_private(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.create()
    home.create()
    assert home.keys_directory.stat().st_mode & 0o777 == 0o700
    assert home.safety_state.is_relative_to(home.data_directory)
