"""The safety state's file: bound, locked, whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from daonode.consensus.requests import VoteRequest
from daonode.consensus.statements import signing_bytes
from daonode.consensus.types import Block, QuorumCertificate, Validator, ValidatorSet
from daonode.primitives.ids import ChainId
from daonode.primitives.signatures import public_key_of, verify
from daonode.signer.errors import SafetyStateDamaged, SafetyStateForeign, SafetyStateMissing, SignerLocked
from daonode.signer.file_signer import FileSigner, open_signer
from daonode.signer.signing import Refusal
from tests.unit.consensus.chains import CHAIN_ID, Maker

SEED = b"k" * 32


def one_validator() -> Maker:
    """A chain whose only validator has the key of `SEED`."""
    key = public_key_of(SEED)
    validator = Validator(id=Maker().validators.validators[0].id, public_key=key, power=1)
    return Maker(ValidatorSet(epoch=0, validators=(validator,)))


maker = one_validator()
BLOCK = maker.block(round_=1)


def open_at(
    path: Path,
    *,
    create: bool = False,
    seed: bytes = SEED,
    chain_id: ChainId = CHAIN_ID,
    genesis_qc: QuorumCertificate = maker.genesis_qc,
) -> FileSigner:
    return open_signer(path, [seed], chain_id, maker.validators, genesis_qc=genesis_qc, create=create)


def vote_for(block: Block) -> VoteRequest:
    return VoteRequest(header=block.header, qc=block.qc, tc=None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "signer" / "safety"


def test_a_vote_survives_the_process(path: Path) -> None:
    signer = open_at(path, create=True)
    signature = signer.sign(vote_for(BLOCK))
    assert not isinstance(signature, Refusal)
    signer.close()
    again = open_at(path)
    assert again.sign(vote_for(BLOCK)) == signature
    assert isinstance(again.sign(vote_for(maker.block(round_=1, payload=b"other"))), Refusal)
    statement = again.safety.last_vote
    assert statement is not None
    assert verify(public_key_of(SEED), signing_bytes(statement.statement), signature)
    again.close()


def test_a_missing_state_is_refused_unless_it_may_be_created(path: Path) -> None:
    with pytest.raises(SafetyStateMissing, match="--force"):
        open_at(path)
    open_at(path, create=True).close()
    open_at(path).close()


def test_creating_never_replaces_what_is_there(path: Path) -> None:
    signer = open_at(path, create=True)
    signer.sign(vote_for(BLOCK))
    signer.close()
    again = open_at(path, create=True)
    assert again.safety.last_voted_round == 1
    again.close()


def test_a_second_signer_on_the_same_state_is_refused_until_the_first_ends(path: Path) -> None:
    first = open_at(path, create=True)
    with pytest.raises(SignerLocked, match="running already"):
        open_at(path)
    first.close()
    open_at(path).close()


def test_a_failed_opening_leaves_no_lock(path: Path) -> None:
    with pytest.raises(SafetyStateMissing):
        open_at(path)
    open_at(path, create=True).close()


def test_the_state_of_another_key_or_chain_is_refused(path: Path) -> None:
    open_at(path, create=True).close()
    with pytest.raises(SafetyStateForeign, match="consensus key"):
        open_at(path, seed=b"o" * 32)
    with pytest.raises(SafetyStateForeign, match="chain"):
        open_at(path, chain_id=ChainId("daonode:other"))


@pytest.mark.parametrize("damage", ["begin", "middle", "end", "short", "empty", "longer"])
def test_a_damaged_file_is_never_read_as_a_state(path: Path, damage: str) -> None:
    open_at(path, create=True).close()
    content = bytearray(path.read_bytes())
    place = {"begin": 3, "middle": len(content) // 2, "end": len(content) - 1}.get(damage)
    if place is not None:
        content[place] ^= 1
    elif damage == "longer":
        content += b"x"
    else:
        del content[0 if damage == "empty" else -5 :]
    path.write_bytes(content)
    with pytest.raises(SafetyStateDamaged, match="never delete"):
        open_at(path, create=True)


def test_a_file_that_was_being_written_at_a_crash_is_ignored(path: Path) -> None:
    open_at(path, create=True).close()
    path.with_name("safety.new").write_bytes(b"half a sta")
    signer = open_at(path)
    assert not isinstance(signer.sign(vote_for(BLOCK)), Refusal)
    signer.close()
