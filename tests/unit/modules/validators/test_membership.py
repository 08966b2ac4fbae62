"""Who is in the next set: approvals, candidates, weights, keys, jail and evidence, epoch by epoch."""

from __future__ import annotations

import pytest

from daonode.consensus.statements import Commit, Timeout
from daonode.ledger.errors import Unauthorised
from daonode.ledger.origins import ROOT_ADDRESS
from daonode.modules.accounts.module import AccountsModule
from daonode.modules.validators.errors import (
    AlreadyConvicted,
    ConsensusKeyTaken,
    EvidenceExpired,
    InvalidEvidence,
    NotJailed,
    StillJailed,
    TooManyValidators,
    ValidatorGone,
)
from daonode.modules.validators.events import EpochBegan, EvidenceAccepted, ValidatorJailed
from daonode.modules.validators.keys import CONVICTIONS, SETS
from daonode.modules.validators.messages import (
    Approve,
    Candidate,
    Leave,
    Remove,
    ReportEvidence,
    RotateConsensusKey,
    SetWeight,
    Unjail,
)
from daonode.modules.validators.module import ValidatorsModule
from daonode.modules.validators.params import MAX_VALIDATORS, Params
from daonode.modules.validators.queries import EvidenceResult, ValidatorsArguments
from daonode.primitives.codec import encode
from daonode.primitives.ids import BlockId, ChainId, PublicKey
from tests.unit.modules.accounts.setup import ALICE
from tests.unit.modules.accounts.setup import genesis as accounts_genesis
from tests.unit.modules.chain import CHAIN_ID, Chain, key
from tests.unit.modules.validators.setup import EPOCH_BLOCKS, IDS, KEYS, PARAMS, begin, evidence, names, payout, vote


def test_whoever_is_approved_and_stands_is_in_the_next_set() -> None:
    dao = begin("north", "east", "south")
    dao.approve("west", power=5)
    dao.next_epoch()
    assert names(dao) == {"north", "east", "south"}
    dao.stand("west")
    assert "west" not in names(dao)
    dao.next_epoch()
    assert names(dao) == {"north", "east", "south", "west"}
    assert dao.members[IDS["west"]].power == 5
    assert any(isinstance(event, EpochBegan) and event.epoch == 2 for event in dao.chain.events)


def test_the_set_is_known_three_heights_before_it_is_in_force() -> None:
    dao = begin("north", "east")
    dao.chain.send(payout("east"), Leave(validator=IDS["east"]))
    dao.chain.end_block()
    chosen = SETS.require(dao.chain.overlay, 1).validators
    assert [each.id for each in chosen] == [IDS["north"]]
    assert dao.module.next_validators(dao.chain.overlay, EPOCH_BLOCKS) == chosen
    assert dao.module.next_validators(dao.chain.overlay, EPOCH_BLOCKS - 1) is None


def test_only_the_whole_dao_decides_who_may_validate() -> None:
    dao = begin("north")
    for message in (
        Approve(public_key=KEYS["west"], power=1, payout_account=ALICE, moniker="west"),
        Remove(validator=IDS["north"]),
        SetWeight(validator=IDS["north"], power=9),
    ):
        with pytest.raises(Unauthorised, match="decided by the whole DAO"):
            dao.chain.send(payout("north"), message)


def test_only_the_payout_account_speaks_for_a_validator() -> None:
    dao = begin("north")
    for message in (
        Leave(validator=IDS["north"]),
        Candidate(validator=IDS["north"], node_key=None, address=""),
        RotateConsensusKey(validator=IDS["north"], public_key=key("other")),
        Unjail(validator=IDS["north"]),
    ):
        with pytest.raises(Unauthorised, match="only the payout account"):
            dao.chain.send(ALICE, message)


def test_who_leaves_is_out_with_the_next_set_and_may_come_back() -> None:
    dao = begin("north", "east")
    dao.chain.send(payout("east"), Leave(validator=IDS["east"]))
    dao.next_epoch()
    assert names(dao) == {"north"}
    dao.stand("east")
    dao.next_epoch()
    assert names(dao) == {"north", "east"}


def test_a_set_that_would_be_empty_stays_as_it_is() -> None:
    dao = begin("north")
    dao.chain.send(payout("north"), Leave(validator=IDS["north"]))
    dao.next_epoch()
    assert names(dao) == {"north"}


def test_who_is_removed_is_forgotten_with_the_next_epoch() -> None:
    dao = begin("north", "east")
    dao.chain.send(ROOT_ADDRESS, Remove(validator=IDS["east"]))
    with pytest.raises(ValidatorGone):
        dao.stand("east")
    assert dao.module.keeper.payout_account(dao.chain.overlay, IDS["east"]) == payout("east")
    dao.next_epoch()
    assert names(dao) == {"north"}
    assert dao.module.keeper.payout_account(dao.chain.overlay, IDS["east"]) is None


def test_a_weight_counts_from_the_next_set_on_and_the_heaviest_are_chosen() -> None:
    dao = begin("north", "east", "south", params=Params(epoch_blocks=EPOCH_BLOCKS, set_size=2))
    dao.chain.send(ROOT_ADDRESS, SetWeight(validator=IDS["south"], power=7))
    dao.chain.send(ROOT_ADDRESS, SetWeight(validator=IDS["east"], power=3))
    assert {each.power for each in dao.members.values()} == {1}
    dao.next_epoch()
    assert {name: dao.members[IDS[name]].power for name in names(dao)} == {"south": 7, "east": 3}


def test_another_key_signs_from_the_next_set_on_and_the_id_stays() -> None:
    dao = begin("north", "east")
    dao.chain.send(payout("north"), RotateConsensusKey(validator=IDS["north"], public_key=key("fresh")))
    assert dao.members[IDS["north"]].public_key == KEYS["north"]
    dao.next_epoch()
    assert dao.members[IDS["north"]].public_key == key("fresh")
    for taken in (KEYS["east"], key("fresh"), KEYS["north"]):
        with pytest.raises(ConsensusKeyTaken):
            dao.chain.send(payout("east"), RotateConsensusKey(validator=IDS["east"], public_key=taken))
    with pytest.raises(ConsensusKeyTaken):
        dao.approve("north")


def test_there_are_no_more_validators_than_a_set_may_have() -> None:
    dao = begin("north")
    for number in range(MAX_VALIDATORS - 1):
        message = Approve(public_key=key(f"v{number}"), power=1, payout_account=ALICE, moniker="v")
        dao.chain.send(ROOT_ADDRESS, message)
    with pytest.raises(TooManyValidators):
        dao.approve("west")


# Jail.


def test_who_fails_all_its_turns_for_long_is_in_jail_until_it_asks() -> None:
    dao = begin("north", "east")
    dao.chain.proposer, dao.chain.failed_proposers = IDS["north"], (IDS["east"],)
    dao.next_epoch()
    dao.next_epoch()
    assert names(dao) == {"north"}
    (jailed,) = [event for event in dao.chain.events if isinstance(event, ValidatorJailed)]
    assert (jailed.validator, jailed.reason) == (IDS["east"], "absence")
    dao.chain.failed_proposers = ()
    with pytest.raises(NotJailed):
        dao.chain.send(payout("north"), Unjail(validator=IDS["north"]))
    if dao.chain.time_ms < jailed.until:
        with pytest.raises(StillJailed):
            dao.chain.send(payout("east"), Unjail(validator=IDS["east"]))
    dao.chain.next_block(after_ms=10_000)
    dao.chain.send(payout("east"), Unjail(validator=IDS["east"]))
    dao.next_epoch()
    dao.next_epoch()
    assert names(dao) == {"north", "east"}


def test_a_turn_that_gives_a_block_ends_an_absence() -> None:
    dao = begin("north", "east")
    for proposer, failed in ((IDS["north"], (IDS["east"],)), (IDS["east"], ())) * 6:
        dao.chain.proposer, dao.chain.failed_proposers = proposer, failed
        dao.chain.next_block()
    assert names(dao) == {"north", "east"}


# Evidence.


def test_two_statements_that_contradict_put_their_signer_in_jail_once() -> None:
    dao = begin("north", "east")
    report = evidence("east", vote(3, 1), vote(3, 2))
    accepted, jailed = dao.chain.send(ALICE, report)
    assert accepted == EvidenceAccepted(validator=IDS["east"], epoch=0, reporter=ALICE)
    assert isinstance(jailed, ValidatorJailed)
    assert jailed.until == dao.chain.time_ms + PARAMS.equivocation_jail
    with pytest.raises(AlreadyConvicted):
        dao.chain.send(ALICE, report)
    answer = dao.chain.ask(dao.module, "evidence", ValidatorsArguments())
    assert isinstance(answer, EvidenceResult)
    assert [(each.epoch, each.validator, each.reporter) for each in answer.items] == [(0, IDS["east"], ALICE)]
    dao.next_epoch()
    assert names(dao) == {"north"}


def test_a_block_that_carries_evidence_convicts_in_the_name_of_its_maker() -> None:
    dao = begin("north", "east", "south")
    reports = [evidence("east", vote(3, 1), vote(3, block)) for block in (2, 3)]
    forged = evidence("south", vote(3, 1), vote(3, 2), signer="north")
    dao.chain.proposer = IDS["north"]
    dao.chain.evidence = (b"", encode(forged), *map(encode, reports))
    dao.chain.next_block()
    assert [event for event in dao.chain.events if isinstance(event, EvidenceAccepted)] == [
        EvidenceAccepted(validator=IDS["east"], epoch=0, reporter=payout("north"))
    ]
    counts = dao.module.keeper.proposal_counts(dao.chain.overlay)
    assert next(count.proposed for count in counts if count.validator == IDS["north"]) == 1
    dao.chain.evidence = ()
    dao.next_epoch()
    dao.next_epoch()
    assert names(dao) == {"north", "south"}


COMMIT = Commit(chain_id=CHAIN_ID, epoch=0, round=5, block_id=BlockId(bytes(32)))
TIMEOUT = Timeout(chain_id=CHAIN_ID, epoch=0, round=6, high_qc_round=4)


@pytest.mark.parametrize(
    ("report", "error"),
    [
        (evidence("east", vote(3, 1), vote(3, 1)), InvalidEvidence),
        (evidence("east", vote(3, 1), vote(4, 2)), InvalidEvidence),
        (evidence("east", vote(3, 1), vote(3, 2, epoch=1)), InvalidEvidence),
        (evidence("east", vote(3, 1, chain_id=ChainId("a:b")), vote(3, 2, chain_id=ChainId("a:b"))), InvalidEvidence),
        (evidence("east", vote(3, 1), vote(3, 2), signer="north"), InvalidEvidence),
        (evidence("west", vote(3, 1), vote(3, 2)), InvalidEvidence),
        (evidence("east", vote(3, 1, epoch=7), vote(3, 2, epoch=7)), EvidenceExpired),
    ],
    ids=["the same", "two rounds", "two epochs", "another chain", "another's key", "no validator", "no such epoch"],
)
def test_what_convicts_nobody_is_refused(report: ReportEvidence, error: type[Exception]) -> None:
    dao = begin("north", "east")
    with pytest.raises(error):
        dao.chain.send(ALICE, report)
    assert not tuple(CONVICTIONS.iterate(dao.chain.overlay))


def test_a_broken_promise_convicts_in_either_order() -> None:
    for first, second in ((COMMIT, TIMEOUT), (TIMEOUT, COMMIT)):
        dao = begin("north", "east")
        dao.chain.send(ALICE, evidence("east", first, second))


def test_evidence_is_judged_by_the_key_of_its_epoch_and_expires() -> None:
    dao = begin("north", "east")
    dao.chain.send(payout("east"), RotateConsensusKey(validator=IDS["east"], public_key=PublicKey(bytes(range(32)))))
    dao.next_epoch()
    dao.chain.send(ALICE, evidence("east", vote(3, 1), vote(3, 2)))
    dao.chain.next_block(after_ms=PARAMS.evidence_period + 1_000)
    dao.next_epoch()
    dao.next_epoch()
    with pytest.raises(EvidenceExpired):
        dao.chain.send(ALICE, evidence("east", vote(4, 1), vote(4, 2)))
    assert not tuple(CONVICTIONS.iterate(dao.chain.overlay))


def test_an_export_in_the_middle_of_it_all_recreates_the_state() -> None:
    dao = begin("north", "east", "south")
    dao.approve("west", power=2)
    dao.chain.send(ALICE, evidence("east", vote(3, 1), vote(3, 2)))
    dao.chain.send(payout("south"), Leave(validator=IDS["south"]))
    for _ in range(2 * EPOCH_BLOCKS):
        dao.chain.next_block()
        accounts = AccountsModule()
        copy = Chain([accounts, ValidatorsModule(accounts=accounts)], height=dao.chain.height)
        copy.genesis({"accounts": accounts_genesis(), "validators": dao.module.export_genesis(dao.chain.overlay)})
        mine = {name: value for name, value in dao.chain.state().items() if name.startswith((b"validators", b"ledger"))}
        theirs = {name: value for name, value in copy.state().items() if name.startswith((b"validators", b"ledger"))}
        assert theirs == mine
