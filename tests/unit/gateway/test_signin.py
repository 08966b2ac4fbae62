"""Signing in with a wallet: what is signed, who gets a session for it, and what else is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from daonode.client.wallet import Wallet
from daonode.gateway.clients import Clients
from daonode.gateway.settings import GatewaySection, LimitsSection
from daonode.gateway.signin import LOGIN_MS, MAX_USED_NONCES, SESSION_MS, SignIn, login_text, read_login
from daonode.modules.accounts.policies import account_id, threshold_policy
from daonode.modules.accounts.types import AccountMember, KeyMember, KeyPolicy, Policy
from daonode.primitives.addresses import encode_account
from daonode.primitives.ids import Address, ChainId
from daonode.primitives.json_form import to_json
from daonode.stores.memory import MemoryStore
from daonode.stores.rows import MemberRow
from daonode.stores.tables import MEMBERS
from tests.unit.gateway.asking import SECRET, Asker, PlayedNode, asking, problem_in
from tests.unit.gateway.graphql.population import CHAIN_ID, changes

ALICE, BOB, CAROL = (Wallet.from_seed(bytes([index]) * 32) for index in (1, 2, 3))
NOW_MS = 1_780_000_000_000


def store_with(*members: Address, active: bool = True) -> MemoryStore:
    store = MemoryStore()
    rows = [
        (MEMBERS, MemberRow(each, index, f"m{index}", "", "", active, None, 0, 0, 0))
        for index, each in enumerate(members)
    ]
    store.apply(changes(10, rows))
    return store


def node_with(policies: dict[Address, Policy]) -> PlayedNode:
    """A node that knows the registered policies of accounts."""
    shown = {encode_account(address): policy for address, policy in policies.items()}

    def account(call: dict[str, Any]) -> dict[str, Any]:
        address = call["params"]["args"]["account"]
        policy = shown.get(address)
        return {
            "height": 10,
            "result": {
                "account": address,
                "policy": None if policy is None else to_json(policy, Policy),
                "custodial": False,
                "sequences": [],
                "balances": [],
            },
        }

    return PlayedNode(results={"dao_query": account, "dao_status": {"height": 10}})


async def log_in(
    asker: Asker, address: Address, *wallets: Wallet, change: Callable[[str], str] = lambda text: text
) -> Any:
    nonce = await asker.json(f"/api/auth/nonce?address={encode_account(address)}")
    return await send(asker, change(nonce["message"]), *wallets)


async def send(asker: Asker, message: str, *wallets: Wallet) -> Any:
    signatures = [
        {
            "public_key": f"0x{wallet.public_key.hex()}",
            "signature": f"0x{wallet.sign_text(message, purpose='login').hex()}",
        }
        for wallet in wallets
    ]
    return await asker.http.post("/api/auth/login", json={"message": message, "signatures": signatures})


async def test_a_member_signs_a_text_and_has_a_session() -> None:
    async with asking(store_with(ALICE.address), node=node_with({})) as asker:
        nonce = await asker.json(f"/api/auth/nonce?address={encode_account(ALICE.address)}")
        answer = await send(asker, nonce["message"], ALICE)
        assert answer.status_code == 200, answer.text
        token = answer.json()["token"]
        who = await asker.get("/api/auth/session", Authorization=f"Bearer {token}")
        nobody = await asker.json("/api/auth/session")
    assert nonce["message"].splitlines()[:2] == [
        "localhost:26680 wants you to sign in with your daonode account:",
        encode_account(ALICE.address),
    ]
    assert (
        f"\nURI: http://localhost:26680/\nVersion: 1\nChain ID: {CHAIN_ID}\nNonce: {nonce['nonce']}\n"
        in nonce["message"]
    )
    assert (who.json()["tier"], who.json()["address"]) == ("member", encode_account(ALICE.address))
    assert (nobody["tier"], nobody["name"], nobody["address"]) == ("anonymous", "127.0.0.1", None)


async def test_whoever_controls_the_account_now_signs_in_and_nobody_else() -> None:
    rotated = node_with({ALICE.address: KeyPolicy(BOB.public_key)})
    async with asking(store_with(ALICE.address), node=rotated) as asker:
        assert (await log_in(asker, ALICE.address, BOB)).status_code == 200
        assert problem_in(await log_in(asker, ALICE.address, ALICE), 401)["reason"] == "wrong_keys"
    async with asking(store_with(ALICE.address), node=node_with({})) as asker:
        assert problem_in(await log_in(asker, ALICE.address, BOB), 401)["reason"] == "wrong_keys"


async def test_keys_of_a_shared_account_sign_together() -> None:
    inner = threshold_policy(1, KeyMember(BOB.public_key), KeyMember(CAROL.public_key))
    policy = threshold_policy(2, KeyMember(ALICE.public_key), AccountMember(account_id(inner)))
    shared = account_id(policy)
    node = node_with({shared: policy, account_id(inner): inner})
    async with asking(store_with(shared), node=node) as asker:
        assert (await log_in(asker, shared, ALICE, CAROL)).status_code == 200
        assert problem_in(await log_in(asker, shared, ALICE), 401)["reason"] == "wrong_keys"
        assert problem_in(await log_in(asker, shared, BOB, CAROL), 401)["reason"] == "wrong_keys"
        assert problem_in(await log_in(asker, shared, ALICE, ALICE), 400)["reason"] == "invalid_body"


async def test_only_active_members_sign_in() -> None:
    for store in (store_with(BOB.address), store_with(ALICE.address, active=False)):
        async with asking(store, node=node_with({})) as asker:
            assert problem_in(await log_in(asker, ALICE.address, ALICE), 403)["reason"] == "not_a_member"


async def test_a_signature_of_another_kind_is_none() -> None:
    async with asking(store_with(ALICE.address), node=node_with({})) as asker:
        nonce = await asker.json(f"/api/auth/nonce?address={encode_account(ALICE.address)}")
        signature = ALICE.sign_text(nonce["message"])
        form = {"public_key": f"0x{ALICE.public_key.hex()}", "signature": f"0x{signature.hex()}"}
        body = {"message": nonce["message"], "signatures": [form]}
        assert problem_in(await asker.http.post("/api/auth/login", json=body), 401)["reason"] == "wrong_signature"


async def test_a_text_is_used_once() -> None:
    async with asking(store_with(ALICE.address), node=node_with({})) as asker:
        nonce = await asker.json(f"/api/auth/nonce?address={encode_account(ALICE.address)}")
        assert (await send(asker, nonce["message"], ALICE)).status_code == 200
        assert problem_in(await send(asker, nonce["message"], ALICE), 401)["reason"] == "nonce_used"


@pytest.mark.parametrize(
    ("change", "status", "reason"),
    [
        (lambda text: text.replace("localhost:26680", "evil.example", 1), 403, "wrong_domain"),
        (lambda text: text.replace(CHAIN_ID, "daonode:other"), 401, "wrong_chain"),
        (lambda text: text.replace("Nonce: 0", "Nonce: f"), 401, "invalid_nonce"),
        (lambda text: text.replace("Version: 1", "Version: 2"), 400, "invalid_message"),
        (lambda text: text + "\nResources:\n- https://x", 400, "invalid_message"),
        (lambda text: text.replace("daonode account", "other account"), 400, "invalid_message"),
        (lambda text: text.replace("Issued At: 2", "Issued At: 3"), 401, "login_expired"),
        (lambda _: "hello", 400, "invalid_message"),
    ],
)
async def test_a_text_of_another_site_chain_or_form_is_refused(
    change: Callable[[str], str], status: int, reason: str
) -> None:
    async with asking(store_with(ALICE.address), node=node_with({})) as asker:
        answer = await log_in(asker, ALICE.address, ALICE, change=change)
        assert problem_in(answer, status)["reason"] == reason


async def test_a_text_that_waited_too_long_is_refused() -> None:
    now_ms = [NOW_MS]
    async with asking(store_with(ALICE.address), node=node_with({}), now_ms=lambda: now_ms[0]) as asker:
        nonce = await asker.json(f"/api/auth/nonce?address={encode_account(ALICE.address)}")
        now_ms[0] += LOGIN_MS - 1
        assert (await send(asker, nonce["message"], ALICE)).status_code == 200
        nonce = await asker.json(f"/api/auth/nonce?address={encode_account(ALICE.address)}")
        now_ms[0] += LOGIN_MS
        assert problem_in(await send(asker, nonce["message"], ALICE), 401)["reason"] == "login_expired"


async def test_nobody_signs_in_under_a_name_that_the_operator_does_not_list() -> None:
    public = GatewaySection(listen="0.0.0.0:26680", names=("dao.example",))
    async with asking(store_with(ALICE.address), node=node_with({}), section=public) as asker:
        path = f"/api/auth/nonce?address={encode_account(ALICE.address)}"
        listed = await asker.get(path, Host="DAO.example:443")
        assert listed.status_code == 200
        assert listed.json()["message"].startswith("DAO.example:443 wants")
        assert (await asker.refusal(path, 403, Host="evil.example"))["reason"] == "wrong_domain"


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b'{"message": 1, "signatures": []}', b'{"message": "x", "signatures": []}', b"[" * 1_000, b"\xff"],
)
async def test_a_body_of_another_form_is_refused(body: bytes) -> None:
    async with asking(store_with(ALICE.address), node=node_with({})) as asker:
        json_type = {"Content-Type": "application/json"}
        problem_in(await asker.http.post("/api/auth/login", content=body, headers=json_type), 400)


async def test_without_a_node_nobody_signs_in() -> None:
    async with asking(store_with(ALICE.address), node=node_with({})) as asker:
        asker.node.is_away = True
        answer = await log_in(asker, ALICE.address, ALICE)
    assert problem_in(answer, 503)["reason"] == "node_unavailable"
    assert int(answer.headers["retry-after"]) > 0


def test_a_session_is_its_own_proof_at_every_gateway_with_the_secret() -> None:
    now_ms = [NOW_MS]
    here, there = SignIn(SECRET, lambda: now_ms[0]), SignIn(SECRET, lambda: now_ms[0])
    token, expires_at = here.make_session(ALICE.address)
    assert there.read(token) == ALICE.address
    assert SignIn(bytes(32), lambda: NOW_MS).read(token) is None
    for wrong in (token[:-1], token[1:], token.replace(".", ""), "ds_" + token, token + "0", "ds_.", ""):
        assert there.read(wrong) is None
    now_ms[0] += SESSION_MS
    assert expires_at == now_ms[0]
    assert there.read(token) is None


def test_a_nonce_of_one_gateway_is_taken_by_another() -> None:
    here, there = SignIn(SECRET, lambda: NOW_MS), SignIn(SECRET, lambda: NOW_MS)
    text = login_text(
        domain="dao.example",
        uri="https://dao.example/",
        address=ALICE.address,
        chain_id=ChainId("daonode:x"),
        nonce=here.make_nonce(),
        issued_at_ms=NOW_MS,
        expires_at_ms=NOW_MS + 1_000,
    )
    assert there.check(text, chain_id=ChainId("daonode:x")) == read_login(text)


def test_used_nonces_are_bounded_and_forgotten_when_they_are_over() -> None:
    now_ms = [NOW_MS]
    sign_in = SignIn(SECRET, lambda: now_ms[0])
    for index in range(MAX_USED_NONCES):
        sign_in.use_nonce(str(index))
    with pytest.raises(Exception, match="too many sign in"):
        sign_in.use_nonce("one more")
    now_ms[0] += LOGIN_MS
    sign_in.use_nonce("one more")


def test_a_session_is_no_api_key() -> None:
    clients = Clients(LimitsSection(), _NoKeys(), SignIn(SECRET))
    assert clients.sessions.read("dk_00000000_" + "a" * 43) is None


class _NoKeys:
    def find(self, secret: str) -> None:
        return None
