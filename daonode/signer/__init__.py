"""Holds the consensus key and runs the safety rules on its own persisted state.

Start with `signing.py` (judge, persist, sign), then `file_signer.py` (the state's file). May import `replica` and what
stands below it. Signs nothing that the rules forbid, whoever asks; synchronous, so that nothing comes between the
judgement and the disk.
"""
