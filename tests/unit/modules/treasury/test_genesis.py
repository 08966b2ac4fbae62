"""What genesis takes and refuses, and that an export is the whole state."""

import pytest
from msgspec.structs import replace

from daonode.modules.treasury.genesis import GenesisLimit, TreasuryGenesis
from daonode.modules.treasury.messages import ApproveSpend, SetOutflowLimit
from daonode.modules.treasury.queries import AssetArguments, NoArguments, SpendArguments, SpendsArguments
from daonode.modules.treasury.types import SpendId
from daonode.primitives.codec import Record
from daonode.primitives.ids import AssetId
from daonode.primitives.json_form import JsonFormError, from_json, to_json
from daonode.primitives.units import Amount, DurationMs, TimeMs
from tests.unit.modules.governance.dao import ALICE, DAO, ERIN, GOLD, ROOT, Dao, make_dao, sections

LIMIT = GenesisLimit(asset=DAO, window=DurationMs(3_600_000), limit=Amount(1_000))


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ((LIMIT, LIMIT), r"\.outflow_limits\[1\]\.asset: 'dao' has a limit already, in \[0\]"),
        ((replace(LIMIT, window=DurationMs(0)),), r"\.outflow_limits\[0\]\.window: expected 1 to"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused_with_its_path(limits: tuple[GenesisLimit, ...], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        make_dao(sections(limits=limits))


def test_a_limit_on_what_cannot_be_an_asset_is_refused_with_its_path() -> None:
    section = to_json(TreasuryGenesis(outflow_limits=(replace(LIMIT, asset=AssetId("EUR")),)))
    with pytest.raises(JsonFormError, match=r"\.outflow_limits\[0\]\.asset: expected text matching"):
        from_json(section, TreasuryGenesis)


def busy_dao() -> Dao:
    """Spends in every state, a limit that follows another, and recent outflow."""
    dao = make_dao(sections(limits=(LIMIT,)))
    spend = ApproveSpend(asset=DAO, amount=Amount(700), beneficiary=ERIN)
    gold = ApproveSpend(asset=GOLD, amount=Amount(450), beneficiary=ALICE)
    dao.approve(spend, spend, gold)
    dao.approve(gold, replace(spend, valid_from=TimeMs(dao.chain.time_ms + 10_000_000)))
    dao.approve(replace(gold, expire_at=TimeMs(dao.chain.time_ms + 10_000_000)))
    dao.approve(SetOutflowLimit(asset=DAO, window=DurationMs(7_200_000), limit=Amount(900)), track=ROOT)
    return dao


def exported(dao: Dao) -> dict[str, Record]:
    return {module.name: module.export_genesis(dao.chain.overlay) for module in dao.chain.modules}


def test_export_then_import_gives_the_same_state() -> None:
    dao = busy_dao()
    assert dao.chain.broken_invariants() == {}
    copy = make_dao(exported(dao), height=dao.chain.height)
    assert copy.chain.state() == dao.chain.state()
    assert copy.chain.broken_invariants() == {}


def test_an_export_has_a_json_form() -> None:
    section = exported(busy_dao())["treasury"]
    assert isinstance(section, TreasuryGenesis)
    assert {spend.status for spend in section.spends} == {"paid", "claimable", "approved", "failed"}
    assert from_json(to_json(section), TreasuryGenesis) == section


def test_every_query_has_a_json_form() -> None:
    dao = busy_dao()
    arguments: dict[str, Record] = {
        "balance": AssetArguments(),
        "spend": SpendArguments(spend=SpendId(1)),
        "spends": SpendsArguments(),
        "outflow": AssetArguments(asset=DAO),
        "params": NoArguments(),
    }
    assert set(arguments) == set(dao.treasury.queries)
    for name, each in arguments.items():
        to_json(each)
        to_json(dao.chain.ask(dao.treasury, name, each))
