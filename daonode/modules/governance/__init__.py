"""Proposals, votes, delegation, and the execution of what was decided. Start with README.md beside this file."""
