"""What stands in `transaction_vectors.json`, made by the product.

Of an error it has code and reason: the text is for people and may change.

Bytes are `0x` hex, 64-bit numbers decimal strings, and everything else has the JSON form that the RPC gives it.
"""

from collections.abc import Sequence

from daonode.client.transactions import describe_call
from daonode.client.wallet import Wallet
from daonode.consensus.types import CommitProof, Header, TwoChain
from daonode.ledger import tree
from daonode.ledger.receipts import prove_receipt, receipt_leaf
from daonode.ledger.versions import StateVersion
from daonode.modules.accounts.types import KeyPolicy, Policy
from daonode.modules.governance.keys import BALLOTS
from daonode.primitives.addresses import encode_account
from daonode.primitives.codec import encode
from daonode.primitives.derivation import derive_account_seed, seed_from_words
from daonode.primitives.json_form import Json, to_json
from tests.conformance.wallet.refusals import good, judge, refusals
from tests.conformance.wallet.unproven import make_unproven
from tests.conformance.wallet.vector_chain import (
    BOB,
    CAROL,
    CHAIN_ID,
    LONG_WORDS,
    SHARED,
    SHARED_POLICY,
    SHORT_WORDS,
    Sent,
    VectorChain,
)

PATHS = (
    (SHORT_WORDS, 1, 0),
    (SHORT_WORDS, 1, 1),
    (SHORT_WORDS, 1, 2),
    (SHORT_WORDS, 1, 3),
    (LONG_WORDS, 1, 0),
    (SHORT_WORDS, 60, 0),
    (SHORT_WORDS, 1, 2**31 - 1),
)
ENCODED: tuple[object, ...] = (
    None, False, True, 0, 127, 128, 255, 256, 65_535, 65_536, 2**32 - 1, 2**32, 2**64 - 1,
    "", "dao", "\u00e9lan \u2713", "x" * 31, "x" * 32, "x" * 256, b"", b"\x00\xff", b"\x07" * 256,
    (), (1, ("a", b"b")), tuple(range(16)),
)  # fmt: skip
TEXTS = ("", "hello", "Sign in, please. \u2713")


def make_vectors() -> dict[str, Json]:
    """The whole file."""
    world = VectorChain()
    tip = world.chain.tip
    certificates, receipts, state = _certificates(world), _receipts(world), _state(world)
    return {
        "format": "daonode-wallet-vectors",
        "version": 1,
        "chain_id": CHAIN_ID,
        "genesis": world.chain.document.to_json(),
        "encodings": [_encoding(value) for value in ENCODED],
        "keys": [_key(words, coin_type=coin_type, account=account) for words, coin_type, account in PATHS],
        "shared_account": {
            "policy": to_json(SHARED_POLICY, Policy),
            "policy_bytes": _hex(encode(SHARED_POLICY)),
            "address": encode_account(SHARED),
        },
        "texts": [_text(text) for text in TEXTS],
        "transactions": [_transaction(world, each) for each in world.sent],
        "node": {"height": tip.height, "time_ms": str(tip.time_ms), "accepted": _hex(good(world).signed.raw)},
        "refused": _refused(world),
        "certificates": certificates,
        "receipts": receipts,
        "state": state,
        "unproven": make_unproven(certificates=certificates, receipts=receipts, state=state),
    }


def _encoding(value: object) -> Json:
    return {"value": _shown(value), "bytes": _hex(encode(value))}


def _shown(value: object) -> Json:
    match value:
        case bytes():
            return {"bytes": _hex(value)}
        case bool() | None | str():
            return value
        case int():
            return {"number": str(value)}
        case tuple():
            return [_shown(item) for item in value]
    raise AssertionError(f"{value!r} is not shown")


def _key(words: str, *, coin_type: int, account: int) -> Json:
    seed = derive_account_seed(words, coin_type=coin_type, account=account)
    wallet = Wallet.from_seed(seed)
    return {
        "mnemonic": words,
        "bip39_seed": _hex(seed_from_words(words)),
        "path": f"m/44'/{coin_type}'/{account}'/0'",
        "private_seed": _hex(seed),
        "public_key": _hex(wallet.public_key),
        "policy_bytes": _hex(encode(KeyPolicy(public_key=wallet.public_key))),
        "account_id": _hex(wallet.address),
        "address": encode_account(wallet.address),
    }


def _text(text: str) -> Json:
    return {"text": text, "public_key": _hex(BOB.public_key), "signature": _hex(BOB.sign_text(text))}


def _transaction(world: VectorChain, sent: Sent) -> Json:
    body = to_json(sent.body)
    assert isinstance(body, dict)
    registry = world.chain.document.registry
    body["messages"] = [describe_call(call, registry) for call in sent.body.messages]
    return {
        "name": sent.name,
        "body": body,
        "message_bytes": [_hex(call.body) for call in sent.body.messages],
        "body_bytes": _hex(sent.encoded_body),
        "tx_id": _hex(sent.signed.id),
        "signatures": [to_json(wallet.sign_transaction(sent.encoded_body)) for wallet in sent.signers],
        "transaction": _hex(sent.signed.raw),
    }


def _refused(world: VectorChain) -> list[Json]:
    shown: list[Json] = []
    for refusal in refusals(world):
        error = judge(world.chain, refusal.raw)
        assert error is not None, f"{refusal.name}: it is accepted"
        said: Json = {"code": error.code, "reason": error.reason}
        shown.append({"name": refusal.name, "transaction": _hex(refusal.raw), "error": said})
    return shown


def _certificates(world: VectorChain) -> list[Json]:
    """Answers of `dao_getCertificate`: each of the three ways in which a block is shown to be final."""
    chain = world.chain
    first, second, third = (chain.blocks[height].header for height in (1, 2, 3))
    two_chain = TwoChain(child=third, qc=chain.certify(third, qc_round=second.round))
    return [
        _certificate("by the certificate of its descendant", first, chain.finalise(second, signers=3), [second]),
        _certificate("by two certified blocks in a row", second, two_chain, []),
        _certificate("by its own certificate", third, chain.finalise(third, signers=3), []),
    ]


def _certificate(name: str, header: Header, proof: CommitProof, descendants: Sequence[Header]) -> Json:
    return {
        "name": name,
        "header_bytes": _hex(encode(header)),
        "block_id": _hex(header.id()),
        "answer": {
            "height": header.height,
            "header": to_json(header),
            "proof": to_json(proof, CommitProof),
            "descendants": [to_json(each) for each in descendants],
        },
    }


def _receipts(world: VectorChain) -> list[Json]:
    """Answers of `dao_getReceipt` with a proof, as far as it is proven: for every transaction."""
    shown: list[Json] = []
    for height, sent in enumerate(world.blocks, start=1):
        receipts = world.chain.blocks[height].receipts
        for index, each in enumerate(sent):
            proof: Json = {
                "receipt": _hex(encode(receipts[index])),
                "inclusion": to_json(prove_receipt(receipts, index)),
            }
            answer: Json = {"tx_id": _hex(each.signed.id), "height": height, "index": index, "proof": proof}
            shown.append({"leaf": _hex(receipt_leaf(receipts[index])), "answer": answer})
    return shown


def _state(world: VectorChain) -> list[Json]:
    """Answers of `dao_getProof`: a ballot that is there, one that is not, and a key of nobody."""
    tip = world.chain.tip
    keys = {
        "Carol's ballot": BALLOTS.state_key((world.proposal, CAROL.address)),
        "Bob's ballot, which he did not cast": BALLOTS.state_key((world.proposal, BOB.address)),
        "nothing: another key stands where it would": _absent_key(tip, is_place_empty=False),
        "nothing: its place is empty": _absent_key(tip, is_place_empty=True),
    }
    shown: list[Json] = []
    for name, key in keys.items():
        value = tip.get(key)
        proof = to_json(tree.prove(tip, version=tip.height, key=key))
        answer: Json = {
            "height": tip.height,
            "key": _hex(key),
            "value": None if value is None else _hex(value),
            "state_root": _hex(tip.root),
            "proof": proof,
        }
        shown.append({"name": name, "answer": answer})
    return shown


def _absent_key(tip: StateVersion, *, is_place_empty: bool) -> bytes:
    """The first of some keys that have no value, where nothing or where another leaf stands in their place."""
    keys = (b"nothing %d" % number for number in range(1_000))
    return next(key for key in keys if (not tree.prove(tip, version=tip.height, key=key).leaf_path) == is_place_empty)


def _hex(data: bytes) -> str:
    return f"0x{data.hex()}"
