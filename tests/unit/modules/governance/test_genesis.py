"""What genesis takes and refuses, and that an export is the whole state."""

import pytest
from msgspec.structs import replace

from daonode.modules.accounts.messages import Transfer
from daonode.modules.governance.genesis import GovernanceGenesis
from daonode.modules.governance.messages import Delegate, Undelegate
from daonode.modules.governance.params import DEFAULT_PARAMS
from daonode.modules.governance.types import Curve, ProposalId, SpendCap, TrackId
from daonode.modules.treasury.messages import ApproveSpend
from daonode.primitives.codec import Record
from daonode.primitives.json_form import JsonFormError, from_json, to_json
from daonode.primitives.units import Amount, Bps, DurationMs
from tests.unit.modules.governance.dao import (
    ALICE,
    BOB,
    CAROL,
    DAO,
    DAVE,
    ERIN,
    TOKENS,
    TRACKS,
    Dao,
    make_dao,
    sections,
)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"id": TrackId(2)}, r"\.tracks\[1\]\.id: 2 is that of \.tracks\[0\] too"),
        ({"name": "members"}, r"\.tracks\[1\]\.name: 'members' is that of"),
        ({"name": ""}, r"\.tracks\[0\]\.name: expected 1 to 64"),
        ({"name": "tr\x1beasury"}, r"\.tracks\[0\]\.name: character 3 is U\+001B, which is not shown"),
        ({"name": "a\u202eb"}, r"\.tracks\[0\]\.name: character 2 is U\+202E"),
        ({"origin": "Root"}, r"\.tracks\[0\]\.origin: expected a letter a-z"),
        ({"max_deciding": 0}, r"\.tracks\[0\]\.max_deciding: expected 1 to 65535"),
        ({"decision_deposit": Amount(9)}, r"\.tracks\[0\]\.decision_deposit: expected at least the submission"),
        ({"decision": DurationMs(0)}, r"\.tracks\[0\]\.decision: expected 1 to"),
        ({"grace": DurationMs(0)}, r"\.tracks\[0\]\.grace: expected 1 to"),
        ({"enactment": DurationMs(367 * 86_400_000)}, r"\.tracks\[0\]\.enactment: expected 0 to"),
        ({"quorum": Bps(10_001)}, r"\.tracks\[0\]\.quorum: expected 0 to 10000 basis points, got 10001"),
        ({"approval": Curve(kind="constant", start=Bps(9), end=Bps(8))}, r"approval\.end: a constant threshold ends"),
        ({"support": Curve(kind="linear", start=Bps(8), end=Bps(9))}, r"support\.end: a threshold never rises"),
        ({"spend_caps": (SpendCap(asset=DAO, amount=Amount(1)),) * 2}, r"spend_caps\[1\]\.asset: 'dao' has a cap"),
    ],
)
def test_a_track_that_makes_no_sense_is_refused_with_its_path(change: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        make_dao(sections(tracks=(replace(TRACKS[0], **change), *TRACKS[1:])))


def test_a_chain_has_a_track_and_at_most_64() -> None:
    for count in (0, 65):
        with pytest.raises(JsonFormError, match=rf"\.tracks: .*{count}"):
            from_json({"tracks": [to_json(TOKENS)] * count}, GovernanceGenesis)


def test_parameters_are_checked() -> None:
    genesis = sections()
    genesis["governance"] = GovernanceGenesis(tracks=TRACKS, params=replace(DEFAULT_PARAMS, execution_gas=1))
    with pytest.raises(ValueError, match=r"\.params\.execution_gas: expected 10000"):
        make_dao(genesis)


def test_the_section_has_a_json_form() -> None:
    genesis = GovernanceGenesis(tracks=TRACKS)
    assert from_json(to_json(genesis), GovernanceGenesis) == genesis
    assert from_json({"tracks": [to_json(TOKENS)]}, GovernanceGenesis).params == DEFAULT_PARAMS


def busy_dao() -> Dao:
    """One of everything: proposals in every phase, overrides, delegations with a past, deposits of several."""
    dao = make_dao()
    dao.send(ALICE, Delegate(track=TOKENS.id, to=BOB))
    dao.approve(ApproveSpend(asset=DAO, amount=Amount(7), beneficiary=ERIN), voters=(CAROL, DAVE))
    dao.approve(Transfer(destination=ERIN, asset=DAO, amount=Amount(5)), voters=(CAROL, DAVE))
    dao.submit(proposer=dao.newcomer("frank"), deposit=10)
    first = dao.open_poll()
    for proposer in (BOB, CAROL, DAVE):
        dao.submit(proposer=proposer)
    dao.next_block(after_ms=TOKENS.prepare)
    dao.vote(first, "yes", ALICE)
    dao.vote(first, "no", BOB, CAROL)
    dao.send(ALICE, Undelegate(track=TOKENS.id))
    dao.send(DAVE, Delegate(track=TOKENS.id, to=ALICE))
    dao.submit(proposer=dao.newcomer("grace"), title="later")
    return dao


def exported(dao: Dao) -> dict[str, Record]:
    return {module.name: module.export_genesis(dao.chain.overlay) for module in dao.chain.modules}


def test_export_then_import_gives_the_same_state() -> None:
    dao = busy_dao()
    statuses = [dao.status(reference) for reference in dao_proposals(dao)]
    assert set(statuses) >= {"executed", "execution_failed", "deposit", "deciding", "queued", "prepare"}
    assert dao.chain.broken_invariants() == {}
    copy = make_dao(exported(dao), height=dao.chain.height)
    assert copy.chain.state() == dao.chain.state()
    assert copy.chain.broken_invariants() == {}


def test_an_export_has_a_json_form() -> None:
    section = exported(busy_dao())["governance"]
    assert from_json(to_json(section), GovernanceGenesis) == section


def dao_proposals(dao: Dao) -> list[ProposalId]:
    section = dao.governance.export_genesis(dao.chain.overlay)
    assert isinstance(section, GovernanceGenesis)
    return [each.proposal.id for each in section.proposals]
