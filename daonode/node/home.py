"""The directory of one node: where each file is, and how secrets in it are kept.

`DAONODE_HOME` holds `config/` (what an operator writes), `data/` (what the node writes) and `keys/` (key files of
accounts). Key files of the node itself are hexadecimal seeds that only their owner may read.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

DEFAULT_HOME = "~/.daonode"
SEED_BYTES = 32
SECRET_MODE = 0o600
MAX_SEED_FILE_BYTES = 256
_SEED = re.compile(rb"\s*[0-9a-fA-F]{%d}\s*" % (2 * SEED_BYTES))


class HomeError(Exception):
    """The home directory is not what a node needs; the text says which file and what to do."""


@dataclass(frozen=True, slots=True)
class Home:
    """The paths of one home. Nothing is created by naming them."""

    path: Path

    @property
    def config_directory(self) -> Path:
        return self.path / "config"

    @property
    def node_toml(self) -> Path:
        return self.config_directory / "node.toml"

    @property
    def client_toml(self) -> Path:
        return self.config_directory / "client.toml"

    @property
    def genesis(self) -> Path:
        return self.config_directory / "genesis.json"

    @property
    def node_key(self) -> Path:
        """The seed of the libp2p host."""
        return self.config_directory / "node_key"

    @property
    def validator_key(self) -> Path:
        """The seed of the consensus key; a full node has none."""
        return self.config_directory / "validator_key"

    @property
    def next_validator_key(self) -> Path:
        """The seed of the consensus key that takes over once it is in the validator set; there while keys change."""
        return self.config_directory / "validator_key_next"

    @property
    def data_directory(self) -> Path:
        return self.path / "data"

    @property
    def safety_state(self) -> Path:
        """What the signer must never forget; apart from the block stores, and deleted by no command."""
        return self.data_directory / "signer" / "safety_state"

    @property
    def keys_directory(self) -> Path:
        return self.path / "keys"

    def create(self) -> None:
        """Make the directories; those with secrets are for their owner only."""
        for directory in (self.path, self.config_directory, self.data_directory, self.keys_directory):
            directory.mkdir(parents=True, exist_ok=True)
        self.keys_directory.chmod(0o700)


def write_seed(path: Path, seed: bytes) -> None:
    """Write a seed to a new file that only its owner can read.

    Raises:
        HomeError: the file exists; a key is never overwritten.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, SECRET_MODE)
    except FileExistsError:
        raise HomeError(f"{path} exists already; a key is never overwritten") from None
    with os.fdopen(descriptor, "w") as file:
        file.write(seed.hex() + "\n")


def read_seed(path: Path, *, hint: str = "make a home with `daonode init`") -> bytes:
    """Read a seed; `hint` is told where there is none.

    Raises:
        HomeError: it is missing, not readable or readable by others, no file, or not 32 bytes in hexadecimal.
    """
    try:
        # Not blocking: opening a pipe that somebody has put there must not wait for its writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise HomeError(f"{path} is missing; {hint}") from None
    except OSError as error:
        raise HomeError(f"{path} cannot be opened: {error.strerror}; its owner must run daonode") from None
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise HomeError(f"{path} is no regular file")
        if mode & 0o077:
            raise HomeError(f"{path} can be read by others (mode {stat.S_IMODE(mode):o}); run: chmod 600 {path}")
        content = os.read(descriptor, MAX_SEED_FILE_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(content) > MAX_SEED_FILE_BYTES or _SEED.fullmatch(content) is None:
        raise HomeError(f"{path} must hold {2 * SEED_BYTES} hexadecimal digits")
    return bytes.fromhex(content.decode())
