"""`python -m daonode` is the `daonode` command.

The command itself is `daonode.cli.main`; nothing else may be decided here.
"""

from daonode.cli.main import main

if __name__ == "__main__":
    main()
