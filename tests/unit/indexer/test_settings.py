"""What an operator sets: read from file, environment and flags, and refused in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from daonode.indexer.destinations import kind_of, load_projections, open_destination
from daonode.indexer.errors import ProjectionMissing
from daonode.indexer.projection.chain import ChainProjection
from daonode.indexer.projection.projector import Projector
from daonode.indexer.settings import load_config
from daonode.process.settings import ConfigError
from daonode.stores.errors import StoreBusy
from tests.unit.indexer.dao_chain import make_dao_genesis


def test_flags_go_before_the_environment_and_that_before_the_file(tmp_path: Path) -> None:
    path = tmp_path / "indexer.toml"
    path.write_text('[indexer]\nrpc = ["http://a:1", "http://b:2"]\ntrust = "5:0x' + "ab" * 32 + '"\n')
    assert load_config(path, environment={}).indexer.rpc == ("http://a:1", "http://b:2")
    environment = {"DAONODE_INDEXER_RPC": "http://c:3, http://d:4", "DAONODE_LOG_LEVEL": "debug"}
    config = load_config(path, environment=environment)
    assert config.indexer.rpc == ("http://c:3", "http://d:4")
    assert config.log.level == "debug"
    flags = {("indexer", "rpc"): "http://e:5"}
    assert load_config(path, environment=environment, overrides=flags).indexer.rpc == ("http://e:5",)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[indexer]\nrpc = []\n", "expected the URL of at least one node"),
        ('[indexer]\nrpc = ["nowhere"]\n', "indexer.rpc: "),
        ('[indexer]\ntrust = "5"\n', "indexer.trust: '5' is no checkpoint"),
        ('[indexer]\nstores = ["sqlite:x"]\n', "did you mean 'store'"),
        ("[indexers]\n", "did you mean 'indexer'"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "indexer.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=complaint):
        load_config(path, environment={})


@pytest.mark.parametrize("text", ["sqlite", "sqlite:", "mysql:x", ":x", ""])
def test_a_store_has_a_kind_and_a_place(text: str) -> None:
    with pytest.raises(ConfigError, match="names no store: expected KIND:PLACE"):
        kind_of(text)


def test_stores_are_opened_together_or_not_at_all(tmp_path: Path) -> None:
    tables = Projector(make_dao_genesis()).tables
    names = [f"sqlite:{tmp_path / name}" for name in ("one", "two")]
    with open_destination(names, tables) as destination:
        assert len(destination.sinks) == 1
        assert destination.writer.head() is None
        with pytest.raises(StoreBusy), open_destination([f"sqlite:{tmp_path / 'three'}", names[0]], tables):
            pass
        # The third was closed again when the first could not be opened.
        with open_destination([f"sqlite:{tmp_path / 'three'}"], tables):
            pass


def test_projections_are_loaded_by_name() -> None:
    (make,) = load_projections(["daonode.indexer.projection.chain:ChainProjection"])
    assert make is ChainProjection
    for name in ("nothing", "no.such:Thing", "daonode.indexer.errors:Nothing", "daonode.indexer:__doc__"):
        with pytest.raises(ProjectionMissing, match="the projection"):
            load_projections([name])
