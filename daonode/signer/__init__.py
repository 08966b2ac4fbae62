"""Holds the consensus key and runs the safety rules on its own persisted state.

Start with `signing.py` (judge, persist, sign), then `file_signer.py` (the state's file). Imports `consensus` and
`primitives` alone, so that it can stand in a process of its own. Signs nothing that the rules forbid, whoever asks;
synchronous, so that nothing comes between the judgement and the disk.
"""
