"""The `daonode` command. Start with `main.py`; each command group is a file of its own in `commands/`.

Groups are imported when they are used, so that `daonode --help` is quick. May import everything; must not hold logic
that another client would need: that belongs in `daonode.client`. Data goes to standard output, all else to standard
error; `failures.py` alone decides exit codes.
"""
