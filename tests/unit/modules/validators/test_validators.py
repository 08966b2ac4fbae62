"""The set of the genesis document, who is paid for a block, and how proposals are counted."""

import pytest

from daonode.ledger.errors import NotFound, Unauthorised
from daonode.modules.accounts.module import AccountsModule
from daonode.modules.validators.errors import HiddenCharacter, NodeKeyTaken, UnknownValidator
from daonode.modules.validators.events import ValidatorEdited
from daonode.modules.validators.genesis import GenesisValidator, ValidatorsGenesis
from daonode.modules.validators.keys import SETS, VALIDATORS
from daonode.modules.validators.messages import EditValidator
from daonode.modules.validators.module import ValidatorsModule
from daonode.modules.validators.params import MAX_VALIDATORS
from daonode.modules.validators.queries import (
    ValidatorArguments,
    ValidatorResult,
    ValidatorsArguments,
    ValidatorsResult,
)
from daonode.modules.validators.types import validator_id
from daonode.primitives.ids import AssetId, ValidatorId
from tests.unit.modules.accounts.setup import ALICE
from tests.unit.modules.accounts.setup import genesis as accounts_genesis
from tests.unit.modules.chain import Chain, address, key

NAMES = ("north", "east", "south")
IDS = {name: validator_id(key(name)) for name in NAMES}
SECTION = ValidatorsGenesis(
    validators=tuple(
        GenesisValidator(
            public_key=key(name),
            power=power,
            payout_account=address(f"{name} payout"),
            moniker=name,
            node_key=key(f"{name} node"),
            address="/ip4/192.0.2.1/tcp/26600",
        )
        for power, name in enumerate(NAMES, start=1)
    )
)


@pytest.fixture
def accounts() -> AccountsModule:
    return AccountsModule()


@pytest.fixture
def module(accounts: AccountsModule) -> ValidatorsModule:
    return ValidatorsModule(accounts=accounts)


@pytest.fixture
def chain(accounts: AccountsModule, module: ValidatorsModule) -> Chain:
    return start(accounts, module, SECTION)


def start(accounts: AccountsModule, module: ValidatorsModule, section: ValidatorsGenesis) -> Chain:
    return Chain([accounts, module]).genesis({"accounts": accounts_genesis(), "validators": section})


def counts(module: ValidatorsModule, chain: Chain) -> dict[str, tuple[int, int]]:
    by_id = {count.validator: (count.proposed, count.failed) for count in module.keeper.proposal_counts(chain.overlay)}
    return {name: by_id[IDS[name]] for name in NAMES}


def test_consensus_is_given_the_set_ascending_by_id(module: ValidatorsModule, chain: Chain) -> None:
    given = module.genesis_validators(SECTION)
    assert [validator.id for validator in given] == sorted(IDS.values())
    assert sum(validator.power for validator in given) == 6
    assert SETS.require(chain.overlay, 0).validators == given


def test_a_proposer_is_paid_on_its_payout_account(
    accounts: AccountsModule, module: ValidatorsModule, chain: Chain
) -> None:
    chain.proposer = IDS["east"]
    chain.transact(accounts, ALICE, signers=(key("alice"),), charged=100, fee=100)
    chain.next_block()
    balance = accounts.keeper.balance(chain.overlay, account=address("east payout"), asset=AssetId("dao"))
    assert balance == 25
    assert module.keeper.payout_account(chain.overlay, ValidatorId(bytes(32))) is None
    assert not chain.broken_invariants()


def test_a_block_is_counted_for_its_proposer_and_against_those_whose_turn_failed(
    module: ValidatorsModule, chain: Chain
) -> None:
    chain.proposer, chain.failed_proposers = IDS["north"], (IDS["south"], IDS["east"], IDS["south"])
    chain.next_block()
    chain.proposer, chain.failed_proposers = IDS["south"], ()
    chain.next_block()
    assert counts(module, chain) == {"north": (1, 0), "east": (0, 1), "south": (1, 2)}
    assert not chain.broken_invariants()


def test_counting_changes_one_key(chain: Chain) -> None:
    before = chain.state()
    chain.proposer, chain.failed_proposers = IDS["north"], (IDS["south"], IDS["east"])
    chain.next_block()
    assert sum(before[key] != value for key, value in chain.state().items()) == 1


def test_a_proposer_that_is_no_validator_is_not_counted(chain: Chain) -> None:
    before = chain.state()
    chain.proposer, chain.failed_proposers = ValidatorId(bytes(32)), (ValidatorId(bytes([1]) * 32),)
    chain.next_block()
    assert chain.state() == before


def edited(name: str, **changes: object) -> EditValidator:
    fields = {
        "validator": IDS[name],
        "payout_account": address(f"{name} payout"),
        "moniker": name,
        "node_key": key(f"{name} node"),
        "address": "",
    }
    return EditValidator(**{**fields, **changes})  # type: ignore[arg-type]


def test_the_payout_account_edits_its_validator(module: ValidatorsModule, chain: Chain) -> None:
    message = edited("north", payout_account=address("new"), moniker="North Star", node_key=None)
    assert chain.send(address("north payout"), message) == (
        ValidatorEdited(
            validator=IDS["north"],
            payout_account=address("new"),
            moniker="North Star",
            node_key=None,
            address="",
        ),
    )
    record = module.keeper.validator(chain.overlay, IDS["north"])
    assert (record.moniker, record.payout_account, record.public_key) == ("North Star", address("new"), key("north"))
    with pytest.raises(Unauthorised, match="only the payout account"):
        chain.send(address("north payout"), message)


@pytest.mark.parametrize("field", ["moniker", "address"])
def test_what_is_not_shown_as_it_is_does_not_get_in_by_an_edit(chain: Chain, field: str) -> None:
    with pytest.raises(HiddenCharacter, match=rf"{field}: character 2 is U\+0007"):
        chain.send(address("north payout"), edited("north", **{field: "a\x07b"}))


def test_nobody_takes_the_node_key_of_another(chain: Chain) -> None:
    with pytest.raises(NodeKeyTaken):
        chain.send(address("north payout"), edited("north", node_key=key("east node")))
    chain.send(address("north payout"), edited("north", node_key=key("north node"), moniker="its own key stays"))


def test_an_unknown_validator_is_not_edited(chain: Chain) -> None:
    with pytest.raises(UnknownValidator):
        chain.send(ALICE, edited("north", validator=ValidatorId(bytes(32))))


def test_validators_are_listed_with_their_counts(module: ValidatorsModule, chain: Chain) -> None:
    chain.proposer, chain.failed_proposers = IDS["north"], (IDS["south"],)
    chain.next_block()
    answer = chain.ask(module, "validators", ValidatorsArguments())
    assert isinstance(answer, ValidatorsResult)
    assert answer.total_power == 6
    assert {(item.moniker, item.proposed, item.failed) for item in answer.items} == {
        ("north", 1, 0),
        ("east", 0, 0),
        ("south", 0, 1),
    }
    one = chain.ask(module, "validator", ValidatorArguments(IDS["south"]))
    assert isinstance(one, ValidatorResult)
    assert one in answer.items
    assert one.moniker == "south"
    with pytest.raises(NotFound):
        chain.ask(module, "validator", ValidatorArguments(ValidatorId(bytes(32))))


def test_an_export_recreates_the_state_to_the_byte(module: ValidatorsModule, chain: Chain) -> None:
    chain.proposer, chain.failed_proposers = IDS["north"], (IDS["south"],)
    chain.next_block()
    again = AccountsModule()
    copy = Chain([again, ValidatorsModule(accounts=again)])
    copy.genesis({"accounts": accounts_genesis(), "validators": module.export_genesis(chain.overlay)})
    mine = {key: value for key, value in chain.state().items() if key.startswith(b"validators")}
    assert {key: value for key, value in copy.state().items() if key.startswith(b"validators")} == mine


def validator(name: str, **changes: object) -> GenesisValidator:
    fields = {"public_key": key(name), "power": 1, "payout_account": ALICE, "moniker": name}
    return GenesisValidator(**{**fields, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("validators", "complaint"),
    [
        ((), r"^\.validators: expected 1 to 128, got 0$"),
        (
            tuple(validator(f"v{number}") for number in range(MAX_VALIDATORS + 1)),
            r"^\.validators: expected 1 to 128, got 129$",
        ),
        ((validator("a"), validator("a")), r"^\.validators\[1\]\.id: the same as that of \.validators\[0\]$"),
        (
            (validator("a"), validator("a", id=ValidatorId(bytes(32)))),
            r"^\.validators\[1\]\.public_key: the same as that of \.validators\[0\]$",
        ),
        (
            (validator("a", node_key=key("n")), validator("b"), validator("c", node_key=key("n"))),
            r"^\.validators\[2\]\.node_key: the same as that of \.validators\[0\]$",
        ),
        (
            (validator("a"), validator("b", moniker="b\nc")),
            r"^\.validators\[1\]\.moniker: character 2 is U\+000A, which is not shown as it is$",
        ),
        (
            (validator("a", address="/ip4\u200b"),),
            r"^\.validators\[0\]\.address: character 5 is U\+200B, which is not shown as it is$",
        ),
    ],
)
def test_a_section_that_breaks_a_rule_is_refused_with_its_path(
    accounts: AccountsModule, module: ValidatorsModule, validators: tuple[GenesisValidator, ...], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        start(accounts, module, ValidatorsGenesis(validators))


def test_the_invariants_find_damage(module: ValidatorsModule, chain: Chain) -> None:
    twin = module.keeper.validator(chain.overlay, IDS["north"])
    VALIDATORS.set(chain.overlay, IDS["south"], twin)
    assert "have one consensus key" in chain.broken_invariants()["validators.keys"]
    VALIDATORS.delete(chain.overlay, IDS["south"])
    assert chain.broken_invariants() == {"validators.counts": "3 counts for 2 validators"}
    VALIDATORS.delete(chain.overlay, IDS["north"])
    VALIDATORS.delete(chain.overlay, IDS["east"])
    assert chain.broken_invariants()["validators.size"] == "0 validators, expected 1 to 128"
