"""The key agent over real sockets: what it signs, what it refuses, whom it answers, and when it forgets."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

import pytest

from daonode.client.agent import AgentKey, agent_path, ask_status, find_key, stop
from daonode.client.agent_messages import (
    MAX_FRAME_BYTES,
    AgentStatus,
    Locked,
    Refused,
    ReportStatus,
    Signed,
    read_frame,
)
from daonode.client.agent_server import Agent, serve
from daonode.client.agent_socket import connect, listen
from daonode.client.errors import AgentFault
from daonode.client.transactions import make_body, make_call, sign_body
from daonode.client.wallet import Wallet, verify_text
from daonode.ledger.checking import decode_transaction, verify_signatures
from daonode.ledger.registry import discover
from daonode.ledger.transactions import tx_id
from daonode.modules.accounts.messages import Transfer
from daonode.primitives.codec import decode, encode
from daonode.primitives.ids import AssetId, ChainId
from daonode.primitives.signatures import sign
from daonode.primitives.units import Amount

SEED = bytes(range(1, 33))
ALICE = Wallet.from_seed(SEED)
BOB = Wallet.from_seed(bytes(32))
MINUTE_MS = 60_000
BODY = make_body(
    [make_call(discover({"accounts"}), Transfer(destination=BOB.address, asset=AssetId("dao"), amount=Amount(1)))],
    chain_id=ChainId("daonode:agent"),
    sender=ALICE.address,
    sequence=0,
    expires_at_ms=1_800_000_000_000,
    gas_limit=50_000,
    max_fee=100,
)


@contextmanager
def running(
    path: Path, *, agent: Agent | None = None, user: int | None = None, request_s: float = 5.0
) -> Iterator[Path]:
    """An agent that holds Alice's key, on a thread; it is stopped at the end where it still runs."""
    holding = Agent({"alice": ALICE}, lifetime_ms=MINUTE_MS) if agent is None else agent
    listener = listen(path)
    options = {"path": path, "user": os.geteuid() if user is None else user, "request_s": request_s}
    thread = Thread(target=serve, args=(listener, holding), kwargs=options)
    thread.start()
    try:
        yield path
    finally:
        holding.lock()
        # A last connection wakes it, so that it sees that its keys are gone.
        with socket.socket(socket.AF_UNIX) as waking:
            if waking.connect_ex(str(path)) == 0:
                waking.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Path]:
    with running(tmp_path / "agent.sock") as path:
        yield path


def key_at(path: Path) -> AgentKey:
    key = find_key(path, ALICE.public_key)
    assert key is not None
    return key


def say(path: Path, data: bytes) -> bytes:
    """Send bytes as they are, end the sending side, and return everything that comes back."""
    connection = connect(path)
    assert connection is not None
    with connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        # What it did not read, it answers by ending the connection.
        with suppress(ConnectionResetError):
            while part := connection.recv(65_536):
                received += part
        return received


def test_it_signs_transactions_as_the_wallet_would(agent: Path) -> None:
    key = key_at(agent)
    assert key.address == ALICE.address
    signed = sign_body(BODY, [key])
    assert signed == sign_body(BODY, [ALICE])
    verify_signatures(decode_transaction(signed.raw))


def test_it_signs_texts_as_the_wallet_would(agent: Path) -> None:
    signature = key_at(agent).sign_text("hello \u2713")
    assert verify_text("hello \u2713", public_key=ALICE.public_key, signature=signature)


def test_it_tells_what_it_holds_and_for_how_long(agent: Path) -> None:
    status = ask_status(agent)
    assert status is not None
    assert [held.name for held in status.keys] == ["alice"]
    assert 0 < status.remaining_ms <= MINUTE_MS
    assert find_key(agent, BOB.public_key) is None


@pytest.mark.parametrize("body", [b"", tx_id(encode(BODY)), encode(BODY) + b"\0", b"daonode/statement/v1"])
def test_it_signs_nothing_that_is_not_a_transaction(agent: Path, body: bytes) -> None:
    with pytest.raises(AgentFault, match="not the body of a transaction"):
        key_at(agent).sign_transaction(body)


def test_it_signs_with_no_key_that_it_does_not_hold(agent: Path) -> None:
    with pytest.raises(AgentFault, match="does not hold"):
        AgentKey(path=agent, public_key=BOB.public_key).sign_text("hello")


def test_no_reply_holds_the_secret() -> None:
    agent = Agent({"alice": ALICE}, lifetime_ms=MINUTE_MS)
    requests = [
        ReportStatus(),
        ("sign_text", ALICE.public_key, "x", "message"),
        ("export", ALICE.public_key),
        ("sign_seed",),
        None,
    ]
    replies = [agent.answer(encode(request)) for request in requests]
    assert [type(reply) for reply in replies] == [AgentStatus, Signed, Refused, Refused, Refused]
    assert not any(SEED in encode(reply) for reply in replies)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"\0\0\0\5ab",
        (MAX_FRAME_BYTES + 1).to_bytes(4, "big"),
        b"\xff" * 64,
        b"GET / HTTP/1.1\r\n\r\n",
        b"\0\0\0\0",
        b"\0\0\0\3\xc1\xc1\xc1",
        b"\0\0\0\1\x91",
    ],
)
def test_whatever_is_said_to_it_the_next_is_answered(agent: Path, data: bytes) -> None:
    received = say(agent, data)
    if received:
        assert isinstance(decode(received[4:], Signed | AgentStatus | Locked | Refused), Refused)
    assert key_at(agent).sign_text("hello") == ALICE.sign_text("hello")


def test_one_that_connects_and_says_nothing_holds_no_other_up(tmp_path: Path) -> None:
    with running(tmp_path / "agent.sock", request_s=0.05) as path:
        silent = connect(path)
        assert silent is not None
        with silent:
            assert key_at(path).sign_text("hello") == ALICE.sign_text("hello")
            assert silent.recv(1) == b""


def test_it_forgets_its_keys_when_its_time_is_over() -> None:
    now_s = [100.0]
    agent = Agent({"alice": ALICE}, lifetime_ms=2_000, now_s=lambda: now_s[0])
    request = encode(("sign_text", ALICE.public_key, "x", "message"))
    now_s[0] = 101.9
    assert isinstance(agent.answer(request), Signed)
    now_s[0] = 102.0
    assert agent.answer(request) == Refused(reason="the agent's time is over")
    now_s[0] = 100.0
    assert isinstance(agent.answer(request), Refused), "what was forgotten does not come back with the clock"


def test_its_socket_is_gone_when_its_time_is_over(tmp_path: Path) -> None:
    path = tmp_path / "agent.sock"
    listener = listen(path)
    serve(listener, Agent({"alice": ALICE}, lifetime_ms=10), path=path, user=os.geteuid())
    assert not path.exists()


def test_stopping_makes_room_for_another_at_once(tmp_path: Path) -> None:
    path = tmp_path / "agent.sock"
    with running(path):
        assert stop(path) is True
        with running(path):
            assert ask_status(path) is not None
    assert stop(path) is False
    assert ask_status(path) is None


def test_its_socket_is_its_owner_s_alone_from_the_beginning(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        listener = listen(tmp_path / "agent.sock")
    finally:
        os.umask(before)
    with listener:
        assert (tmp_path / "agent.sock").stat().st_mode & 0o777 == 0o600


def test_a_process_of_another_user_gets_no_answer(tmp_path: Path) -> None:
    with running(tmp_path / "agent.sock", user=os.geteuid() + 1) as path:
        assert ask_status(path) is None


def test_two_agents_do_not_share_a_socket(agent: Path) -> None:
    with pytest.raises(AgentFault, match="already"):
        listen(agent)


def test_the_socket_of_a_dead_agent_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "agent.sock"
    listen(path).close()
    assert path.exists()
    assert ask_status(path) is None
    with running(path):
        assert ask_status(path) is not None


def test_a_socket_that_others_can_open_is_not_used(agent: Path) -> None:
    agent.chmod(0o666)
    with pytest.raises(AgentFault, match="others can open it"):
        find_key(agent, ALICE.public_key)
    agent.chmod(0o600)


def test_a_file_in_the_place_of_the_socket_is_neither_used_nor_removed(tmp_path: Path) -> None:
    path = tmp_path / "agent.sock"
    path.write_text("precious")
    for use in (ask_status, listen):
        with pytest.raises(AgentFault, match="no socket"):
            use(path)
    assert path.read_text() == "precious"


def test_a_path_that_is_too_long_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(AgentFault, match="too long") as refusal:
        listen(tmp_path / ("a" * 100) / "agent.sock")
    assert "DAONODE_AGENT" in refusal.value.hint


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (encode(Signed(signature=sign(bytes(32), b"something else"))), "not this key's signature"),
        (encode(Locked()), "another question"),
        (b"\xc1", "no agent of this version"),
        (b"", "no agent of this version"),
    ],
)
def test_an_agent_that_lies_is_found_out(tmp_path: Path, reply: bytes, said: str) -> None:
    path = tmp_path / "agent.sock"
    listener = listen(path)

    def lie() -> None:
        connection, _ = listener.accept()
        with connection:
            read_frame(connection, remaining_s=lambda: 5.0)
            connection.sendall(len(reply).to_bytes(4, "big") + reply)

    thread = Thread(target=lie)
    thread.start()
    with listener, pytest.raises(AgentFault, match=said):
        AgentKey(path=path, public_key=ALICE.public_key).sign_text("hello")
    thread.join()


def test_the_environment_names_the_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert agent_path(tmp_path) == tmp_path / "agent.sock"
    monkeypatch.setenv("DAONODE_AGENT", str(tmp_path / "other.sock"))
    assert agent_path(tmp_path) == tmp_path / "other.sock"


def test_an_agent_without_keys_is_not_started() -> None:
    with pytest.raises(AgentFault, match="1 to 64 keys"):
        Agent({}, lifetime_ms=MINUTE_MS)
