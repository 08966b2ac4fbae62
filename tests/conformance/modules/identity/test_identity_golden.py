"""The bytes of everything that identity sends, reports and stores."""

from pathlib import Path

from daonode.ledger.history import Checkpoint, History
from daonode.modules.identity import events
from daonode.modules.identity.keys import MEMBER_AT_INDEX, MEMBERS, MEMBERSHIP, REGISTRARS
from daonode.modules.identity.messages import LeaveMember, RegisterMember, RemoveMember, SetProfile
from daonode.modules.identity.module import IdentityModule
from daonode.modules.identity.types import Member, MemberAtIndex, Membership, Registrar
from daonode.primitives.ids import Address
from daonode.primitives.units import TimeMs
from tests.conformance.modules.golden import check_golden, encodings, missing_examples

HERE = Path(__file__).parent
ANN, CLERK = Address(bytes(range(32))), Address(bytes(range(32, 64)))
PAST = History((Checkpoint(height=1, value=1), Checkpoint(height=300, value=0)))

RECORDS = (
    RegisterMember(account=ANN, name="Ånn", role="council"),
    RegisterMember(account=ANN, name="Ann"),
    RemoveMember(account=ANN),
    LeaveMember(),
    SetProfile(about="I keep bees."),
    events.MemberRegistered(account=ANN, index=300, name="Ann", role="", registrar=CLERK),
    events.MemberRemoved(account=ANN, remover=CLERK),
    events.MemberLeft(account=ANN),
    events.ProfileSet(account=ANN, about=""),
    Member(
        name="Ann",
        role="council",
        about="I keep bees.",
        index=0,
        registrar=CLERK,
        registered_at=TimeMs(1_700_000_000_000),
        membership=PAST,
    ),
    Member(name="Ann", role="", about="", index=1, registrar=None, registered_at=TimeMs(0), membership=History(())),
    MemberAtIndex(account=ANN),
    Registrar(active=True),
    Membership(next_index=12, count=PAST),
)


def test_every_message_event_and_record_has_its_bytes() -> None:
    assert not missing_examples(IdentityModule(), RECORDS)
    check_golden(HERE / "records.json", encodings(RECORDS))


def test_every_state_key_has_its_bytes() -> None:
    keys = {
        "members": MEMBERS.state_key(ANN),
        "member_at_index": MEMBER_AT_INDEX.state_key(258),
        "membership": MEMBERSHIP.state_key(None),
        "registrars": REGISTRARS.state_key(CLERK),
    }
    check_golden(HERE / "keys.json", {name: key.hex() for name, key in keys.items()})
