"""Proofs with one thing wrong, made of the good ones: what a verifier that checks too little would accept."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

from daonode.primitives.json_form import Json

Answer = dict[str, Any]
Change = Callable[[Answer], object]


def make_unproven(*, certificates: list[Json], receipts: list[Json], state: list[Json]) -> list[Json]:
    """Wrong answers of the three methods, each with what is wrong about it."""
    by_descendant, by_two_chain, by_certificate = (_answer(each) for each in certificates)
    present, absent, _, empty = (_answer(each) for each in state)
    receipt = _answer(receipts[1])
    return [
        *_wrong("certificate", by_certificate, _of_certificates(by_two_chain)),
        *_wrong("certificate", by_descendant, _of_descendants(by_certificate)),
        *_wrong("certificate", by_two_chain, _of_two_chains()),
        *_wrong("receipt", receipt, _of_receipts(_answer(receipts[2]))),
        *_wrong("state", present, _of_present_values(absent)),
        *_wrong("state", absent, _of_absent_values(present)),
        *_wrong("state", empty, {"a value where there is none": _set("value", "0x01")}),
    ]


def _answer(shown: Json) -> Answer:
    assert isinstance(shown, dict)
    answer = shown["answer"]
    assert isinstance(answer, dict)
    return answer


def _wrong(kind: str, answer: Answer, changes: dict[str, Change]) -> Iterator[Json]:
    for name, change in changes.items():
        changed = copy.deepcopy(answer)
        change(changed)
        assert changed != answer, name
        shown: dict[str, Json] = {"name": name, "kind": kind, "answer": changed}
        if kind == "state":
            # What was asked for stays what it was, whatever the answer says.
            shown["key"] = answer["key"]
        if kind == "receipt":
            shown["tx_id"] = answer["tx_id"]
        yield shown


def _set(*path_and_value: Any) -> Change:
    *path, name, value = path_and_value

    def change(answer: Answer) -> None:
        place: Any = answer
        for step in path:
            place = place[step]
        place[name] = value

    return change


def _of_certificates(other: Answer) -> dict[str, Change]:
    return {
        "the root of another state": _set("header", "state_root", "0x" + "11" * 32),
        "a header of another chain": _set("header", "chain_id", "daonode:other"),
        "a header that announces other validators": _set("header", "next_validators_digest", "0x" + "11" * 32),
        "another height than that of the header": _set("height", 2),
        "two of four validators": lambda answer: [answer["proof"][part].pop() for part in ("signers", "signatures")],
        "one validator three times": lambda answer: answer["proof"].update(
            signers=["0"] * 3, signatures=answer["proof"]["signatures"][:1] * 3
        ),
        "signatures in the order of others": lambda answer: answer["proof"]["signatures"].reverse(),
        "a validator that does not exist": _set("proof", "signers", 2, "4"),
        "the certificate of another block": _set("proof", other["proof"]),
    }


def _of_descendants(other: Answer) -> dict[str, Change]:
    return {
        "a descendant that is missing": _set("descendants", []),
        "a descendant that is none": _set("descendants", 0, other["header"]),
    }


def _of_two_chains() -> dict[str, Change]:
    return {
        "a child two rounds later": _set("proof", "qc", "qc_round", "1"),
        "votes passed off as commit votes": lambda answer: answer.update(
            header=answer["proof"]["child"],
            height=int(answer["proof"]["child"]["height"]),
            proof={
                "kind": "commit_certificate",
                **{name: value for name, value in answer["proof"]["qc"].items() if name != "qc_round"},
            },
        ),
    }


def _of_receipts(other: Answer) -> dict[str, Change]:
    return {
        "the receipt of another transaction": _set("proof", other["proof"]),
        "another place": _set("proof", "inclusion", "index", 0),
        "a longer list": _set("proof", "inclusion", "size", 64),
        "a path without its end": lambda answer: answer["proof"]["inclusion"]["path"].pop(),
        "a path that goes on": lambda answer: answer["proof"]["inclusion"]["path"].append("0x" + "11" * 32),
        "a byte after the receipt": lambda answer: answer["proof"].update(receipt=answer["proof"]["receipt"] + "00"),
        "another code": lambda answer: answer["proof"].update(receipt=_with_code(answer["proof"]["receipt"])),
    }


def _with_code(receipt: str) -> str:
    """The encoded receipt with code 7 in the place of 0: after the array's head and the 34 bytes of the id."""
    data = bytearray.fromhex(receipt[2:])
    assert data[35] == 0
    data[35] = 7
    return f"0x{data.hex()}"


def _of_present_values(absent: Answer) -> dict[str, Change]:
    return {
        "another value": lambda answer: answer.update(value=answer["value"] + "00"),
        "no value where there is one": _set("value", None),
        "the proof of another key": _set("proof", absent["proof"]),
        "the answer for another key": lambda answer: answer.update(copy.deepcopy(absent)),
        "a sibling that is missing": lambda answer: answer["proof"]["siblings"].pop(),
        "another sibling": _set("proof", "siblings", 0, "0x" + "11" * 32),
        "a bit past the depth": lambda answer: answer["proof"].update(
            bitmap=answer["proof"]["bitmap"][:-1] + "f", siblings=[*answer["proof"]["siblings"], "0x" + "11" * 32]
        ),
    }


def _of_absent_values(present: Answer) -> dict[str, Change]:
    return {
        "a value from another place": _set("value", present["value"]),
        "another leaf in the way": lambda answer: answer["proof"].update(
            leaf_path=present["proof"]["leaf_path"], leaf_value_hash=present["proof"]["leaf_value_hash"]
        ),
        "an empty place where a leaf is": lambda answer: answer["proof"].update(leaf_path="0x", leaf_value_hash="0x"),
        "a level less": lambda answer: answer["proof"].update(depth=answer["proof"]["depth"] - 1),
    }
