"""The gateway's own process: how it starts and ends, what floods and slow clients do to it, and that two are one."""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import httpx
import pytest

from daonode.gateway.secret import load_secret
from daonode.gateway.signin import SignIn
from daonode.stores.sqlite import open_writer
from tests.integration.gateway.process import STOP_S, GatewayProcess, gateway, make_home
from tests.integration.httpd.frames import head
from tests.unit.gateway.graphql.population import account, vote_block

LOCAL = b" HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = make_home(tmp_path_factory.mktemp("gateway") / "home")
    (home / "config" / "gateway.toml").write_text("[limits]\nanonymous_rate = 100000\nanonymous_burst = 1000000\n")
    return home


@pytest.fixture(scope="module")
def running(home: Path) -> Iterator[GatewayProcess]:
    with gateway(home) as process:
        yield process
        assert process.process.poll() is None, "it ended by itself"
        assert "Traceback" not in process.log.read_text()


def still_answers(running: GatewayProcess) -> None:
    answer = httpx.get(f"{running.url}/api/status", timeout=5)
    assert answer.status_code == 200, answer.text


def connect(running: GatewayProcess) -> socket.socket:
    host, port = running.address.split(":")
    return socket.create_connection((host, int(port)), timeout=10)


def exchange(running: GatewayProcess, sent: bytes, *, half_close: bool = False) -> bytes:
    received = b""
    with closing(connect(running)) as connection, suppress(OSError):
        connection.sendall(sent)
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        while data := connection.recv(65_536):
            received += data
    return received


def test_it_starts_before_there_is_a_store_and_sees_it_when_it_comes(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    with gateway(tmp_path) as process:
        early = httpx.get(f"{process.url}/api/status")
        assert (early.status_code, early.json()["reason"]) == (503, "not_indexed")
        assert early.headers["retry-after"]
        assert httpx.get(f"{process.url}/livez").status_code == 200
        assert httpx.get(f"{process.url}/readyz").status_code == 503
        (tmp_path / "data").mkdir()
        writer = open_writer(tmp_path / "data" / "index.sqlite")
        writer.apply(vote_block(5, [0]))
        writer.close()
        assert httpx.get(f"{process.url}/api/status").json()["height"] == 5


def test_it_ends_in_time_whatever_is_under_way(home: Path) -> None:
    with gateway(home, name="ending") as process, ExitStack() as open_connections:
        for _ in range(20):
            connection = open_connections.enter_context(closing(connect(process)))
            connection.sendall(b"GET /api/status HTTP/1.1\r\n")
        assert process.stop() < STOP_S
        assert process.process.returncode == 0


def test_the_secret_is_made_for_its_owner_alone(home: Path, running: GatewayProcess) -> None:
    assert (home / "config" / "gateway_secret").stat().st_mode & 0o077 == 0


def test_metrics_are_on_an_address_of_their_own(running: GatewayProcess) -> None:
    still_answers(running)
    text = httpx.get(f"http://{running.metrics}/metrics").text
    assert 'daonode_gateway_requests_total{route="/api/status",status="200",tier="anonymous"}' in text
    assert "daonode_gateway_height 10.0" in text
    assert httpx.get(f"{running.url}/metrics").status_code == 404


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(head("/graphql", Sec_WebSocket_Key="short"), id="short key"),
        pytest.param(head("/graphql", Sec_WebSocket_Version="12"), id="old version"),
        pytest.param(head("/graphql"), id="no subprotocol"),
        pytest.param(head("/graphql", Upgrade="websocket\x00"), id="null in a header"),
        pytest.param(head("/nowhere"), id="no such path"),
        pytest.param(head("/graphql").replace(b"GET", b"POST"), id="no GET"),
        pytest.param(head("/graphql")[:-4] + b"\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", id="endless header"),
        pytest.param(head("/graphql", Host="evil.example"), id="foreign host"),
        pytest.param(b"GET /api/status HTTP/1.1\r\nHost: localhost\r\nUpgrade: h2c\r\n\r\n", id="h2c"),
        pytest.param(b"GET /api/status HTTP/1.1\r\nHost: evil.example\r\n\r\n", id="foreign host of a request"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", id="HTTP/2"),
        pytest.param(b"\x16\x03\x01" + bytes(300), id="TLS"),
        pytest.param(b"GET /api/status HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", id="negative length"),
        pytest.param(b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n", id="long target"),
        pytest.param(b"POST /rpc" + LOCAL[:-2] + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", id="no chunk"),
        pytest.param(b"GET /api/votes?" + b"a=1&" * 3_000 + LOCAL, id="many parameters"),
        pytest.param(b"GET /api/votes?cursor=%ff%fe" + LOCAL, id="no UTF-8"),
        pytest.param(b"GET /api/members/%00" + LOCAL, id="null in a path"),
        pytest.param(b"GET /api/../../etc/passwd" + LOCAL, id="path that climbs"),
        pytest.param(b"GET /assets/x/../../../../etc/passwd" + LOCAL, id="file that climbs"),
    ],
)
def test_a_request_that_is_none_is_refused_and_nobody_else_notices(running: GatewayProcess, sent: bytes) -> None:
    answer = exchange(running, sent, half_close=True)
    is_h2c = b"Upgrade: h2c" in sent
    assert not answer or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 2" if is_h2c else b"HTTP/1.1 4")), answer[:200]
    assert b"Traceback" not in answer
    assert b"root:" not in answer
    still_answers(running)


def test_slow_and_half_closed_clients_hold_nobody_up(running: GatewayProcess) -> None:
    with ExitStack() as slow:
        for index in range(50):
            connection = slow.enter_context(closing(connect(running)))
            connection.sendall(b"GET /api/status HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
            if index % 2:
                connection.shutdown(socket.SHUT_WR)
        began = time.monotonic()
        for _ in range(20):
            still_answers(running)
        assert time.monotonic() - began < 10


def test_a_flood_of_connections_is_bounded_and_passes(running: GatewayProcess) -> None:
    with ExitStack() as flood:
        for _ in range(600):
            connection = flood.enter_context(closing(connect(running)))
            connection.sendall(b"G")
        still_answers(running)
    for _ in range(300):
        reset = connect(running)
        reset.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        reset.sendall(b"GET /api/votes" + LOCAL)
        reset.close()
    still_answers(running)


def test_a_client_that_never_reads_holds_nobody_up(running: GatewayProcess) -> None:
    with closing(connect(running)) as greedy:
        greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        request = b"GET /api/openapi.json" + LOCAL
        greedy.sendall(request * 200)
        for _ in range(20):
            still_answers(running)


def test_two_gateways_of_one_home_are_one(home: Path, running: GatewayProcess) -> None:
    with gateway(home, name="second") as second:
        for path in ("/api/proposals?limit=1", "/api/votes?limit=2", "/api/treasury", "/api/openapi.json"):
            one, other = httpx.get(running.url + path), httpx.get(second.url + path)
            assert one.content == other.content
            assert one.headers.get("etag") == other.headers.get("etag")
        cursor = httpx.get(f"{running.url}/api/votes?limit=2").json()["next_cursor"]
        page = httpx.get(f"{second.url}/api/votes?limit=2&cursor={cursor}")
        assert len(page.json()["items"]) == 2
        token, _ = SignIn(load_secret(home / "config" / "gateway_secret")).make_session(account(0))
        for url in (running.url, second.url):
            who = httpx.get(f"{url}/api/auth/session", headers={"Authorization": f"Bearer {token}"}).json()
            assert who["tier"] == "member"


def test_a_key_of_the_command_is_taken_by_a_gateway_that_runs(home: Path, running: GatewayProcess) -> None:
    def command(*words: str) -> str:
        line = [sys.executable, "-m", "daonode", "gateway", "key", *words, "--home", str(home), "-o", "json"]
        return subprocess.run(line, capture_output=True, text=True, check=True, timeout=60).stdout

    def limit(key: str) -> httpx.Response:
        return httpx.get(f"{running.url}/api/tracks", headers={"Authorization": f"Bearer {key}"})

    key = json.loads(command("new", "bot", "--rate", "5", "--burst", "9", "--expires", "90d"))["key"]
    deadline = time.monotonic() + 10
    while limit(key).status_code == 401 and time.monotonic() < deadline:
        pass
    assert limit(key).headers["ratelimit-limit"] == "9"
    assert [entry["name"] for entry in json.loads(command("list"))] == ["bot"]
    command("revoke", "bot")
    while limit(key).status_code != 401 and time.monotonic() < deadline:
        pass
    assert limit(key).status_code == 401


def test_a_setting_that_is_not_right_is_named_at_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "gateway.toml").write_text("[gateway]\nlistn = 'x'\n")
    line = [sys.executable, "-m", "daonode", "gateway", "--home", str(tmp_path)]
    found = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
    assert found.returncode == 2, found.stderr
    assert "did you mean 'listen'?" in found.stderr
    assert "Traceback" not in found.stderr
