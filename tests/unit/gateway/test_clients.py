"""Who asks, how much each may spend, and what is said to who has spent it."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio.testing

from daonode.gateway.clients import MAX_CLIENTS, Clients
from daonode.gateway.keys import FileKeys, KeyTerms, add_key, revoke_key
from daonode.gateway.settings import GatewaySection, LimitsSection
from daonode.gateway.signin import SignIn
from daonode.httpd.addresses import AddressRangeError, budget_name, read_proxies
from daonode.primitives.units import TimeMs
from tests.unit.gateway.asking import SECRET, asking, problem_in
from tests.unit.gateway.graphql.population import account

NARROW = LimitsSection(anonymous_rate=1, anonymous_burst=3, member_rate=2, member_burst=5, key_rate=3, key_burst=7)


async def test_who_has_spent_a_budget_is_told_when_to_come_again(mock_clock: trio.testing.MockClock) -> None:
    async with asking(limits=NARROW) as asker:
        answers = [await asker.get("/api/tracks") for _ in range(4)]
        refused = problem_in(answers[3], 429)
        wait_s = int(answers[3].headers["retry-after"])
        mock_clock.jump(wait_s)
        again = await asker.get("/api/tracks")
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert (refused["reason"], refused["retryable"], wait_s) == ("rate_limited", True, 1)
    first = answers[0].headers
    assert (first["ratelimit-limit"], first["ratelimit-remaining"], first["ratelimit-reset"]) == ("3", "2", "1")
    assert first["ratelimit-policy"] == '"anonymous";q=3;w=3'
    assert first["ratelimit"] == '"anonymous";r=2;t=1'
    assert answers[3].headers["ratelimit-remaining"] == "0"
    assert again.status_code == 200


async def test_health_is_asked_for_nothing() -> None:
    async with asking(limits=NARROW) as asker:
        answers = [await asker.get("/livez") for _ in range(20)]
    assert {answer.status_code for answer in answers} == {200}
    assert "ratelimit-limit" not in answers[0].headers


async def test_each_address_and_each_tier_has_a_budget_of_its_own(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    key = add_key(keys, KeyTerms("bot"), now_ms=TimeMs(0))
    fast = add_key(keys, KeyTerms("fast", rate=50, burst=60), now_ms=TimeMs(0))
    session, _ = SignIn(SECRET).make_session(account(0))
    section = GatewaySection(trusted_proxies=("127.0.0.1",))
    async with asking(limits=NARROW, keys=keys, section=section) as asker:

        async def limit(**headers: str) -> tuple[str, str]:
            answer = await asker.get("/api/tracks", **headers)
            assert answer.status_code == 200, answer.text
            return answer.headers["ratelimit-limit"], answer.headers["ratelimit-remaining"]

        assert await limit() == ("3", "2")
        assert await limit(X_Forwarded_For="203.0.113.7") == ("3", "2")
        assert await limit(X_Forwarded_For="203.0.113.7") == ("3", "1")
        assert await limit(X_Forwarded_For="203.0.113.8") == ("3", "2")
        assert await limit(Authorization=f"Bearer {session}") == ("5", "4")
        assert await limit(Authorization=f"Bearer {key}") == ("7", "6")
        assert await limit(Authorization=f"bearer {fast}") == ("60", "59")


async def test_a_token_that_is_none_is_refused_and_not_taken_for_nobody() -> None:
    async with asking() as asker:
        for header in ("Bearer dk_00000000_" + "a" * 43, "Bearer ds_x.y", "Bearer é", "Bearer ", "Basic YTpi", ""):
            answer = await asker.http.get("/api/tracks", headers={"Authorization": header.encode()})  # type: ignore[dict-item]  # any bytes
            assert problem_in(answer, 401)["reason"] == "invalid_token"
            assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_who_guesses_tokens_spends_the_budget_of_the_address() -> None:
    async with asking(limits=NARROW) as asker:
        statuses = [
            (await asker.get("/api/tracks", Authorization=f"Bearer ds_x.{each}")).status_code for each in range(5)
        ]
    assert statuses == [401, 401, 401, 429, 429]


async def test_a_key_that_is_made_or_revoked_while_a_gateway_runs_is_taken_into_use(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    key = add_key(keys, KeyTerms("bot"), now_ms=TimeMs(0))
    now_s = [100.0]
    found = FileKeys(keys, now_s=lambda: now_s[0])
    assert found.find(key) is not None
    revoke_key(keys, "bot")
    now_s[0] += 2
    assert found.find(key) is None
    other = add_key(keys, KeyTerms("other"), now_ms=TimeMs(0))
    now_s[0] += 2
    assert found.find(other) is not None
    keys.write_text("{")
    now_s[0] += 2
    assert found.find(other) is not None, "a file that cannot be used leaves the keys as they were"


def test_budgets_are_remembered_up_to_a_bound() -> None:
    async def run() -> None:
        clients = Clients(LimitsSection(anonymous_burst=5), _Nobody(), SignIn(SECRET))
        first = clients.identify(None, address="10.0.0.1")
        first.pay(5)
        for index in range(MAX_CLIENTS):
            clients.identify(None, address=f"11.{index >> 16}.{index >> 8 & 255}.{index & 255}")
        assert clients.identify(None, address="10.0.0.1").budget.level == 5

    trio.run(run)


class _Nobody:
    def find(self, secret: str) -> None:
        return None


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("198.51.100.1", ["203.0.113.7"], "198.51.100.1"),
        ("10.1.2.3", [], "10.1.2.3"),
        ("10.1.2.3", ["203.0.113.7"], "203.0.113.7"),
        ("10.1.2.3", ["1.1.1.1, 203.0.113.7"], "203.0.113.7"),
        ("10.1.2.3", ["1.1.1.1, 203.0.113.7, 10.9.9.9"], "203.0.113.7"),
        ("10.1.2.3", ["1.1.1.1", "203.0.113.7"], "203.0.113.7"),
        ("10.1.2.3", ["nonsense"], "10.1.2.3"),
        ("10.1.2.3", ["203.0.113.7, nonsense"], "10.1.2.3"),
        ("10.1.2.3", [", ".join(["10.0.0.1"] * 1_000)], "10.0.0.1"),
        ("::ffff:10.1.2.3", ["203.0.113.7"], "203.0.113.7"),
        ("2001:db8::1", ["203.0.113.7"], "203.0.113.7"),
    ],
)
def test_a_forwarded_address_is_believed_of_trusted_proxies_alone(
    peer: str, forwarded: list[str], expected: str
) -> None:
    assert read_proxies(["10.0.0.0/8", "2001:db8::1"]).client(peer, forwarded) == expected


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_an_address_of_ipv6_shares_the_budget_of_its_network(address: str, name: str) -> None:
    assert budget_name(address) == name


def test_a_range_that_is_none_is_named() -> None:
    with pytest.raises(AddressRangeError, match=r"'10\.0\.0' is neither an address nor a network"):
        read_proxies(["10.0.0"])
