"""Answers that break off: the call was sent, so its outcome is unknown and never "no node"."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from daonode.client.errors import BadAnswer, Unanswered
from daonode.client.transport import Transport

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """A server that reads one call, sends these bytes and closes, as a node that is killed does; gives its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                # The head and the body come apart or together; the body ends with the call's brace.
                received = b""
                while not received.endswith(b"}"):
                    received += connection.recv(65_536)
                connection.sendall(answer)

        thread = Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(10)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        HEAD,
        HEAD + b"Content-Length: 100\r\n\r\n",
        HEAD + b'Content-Length: 100\r\n\r\n{"jsonrpc": "2.0"',
        HEAD + b'Transfer-Encoding: chunked\r\n\r\n20\r\n{"jsonrpc"',
    ],
    ids=["nothing", "half a head", "no body", "half a body", "half a chunk"],
)
def test_an_answer_that_breaks_off_is_none(answer: bytes) -> None:
    with answering(answer) as url, pytest.raises(Unanswered):
        Transport([url], timeout_s=5).call("dao_sendRawTransaction", {})


def test_a_whole_answer_that_is_no_json_is_a_bad_one() -> None:
    with answering(HEAD + b"Content-Length: 5\r\n\r\nhello") as url, pytest.raises(BadAnswer):
        Transport([url], timeout_s=5).call("dao_status", {})
