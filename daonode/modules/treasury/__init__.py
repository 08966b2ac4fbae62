"""The funds of the DAO: spends that proposals approve, within a rolling outflow limit. Start with README.md."""
