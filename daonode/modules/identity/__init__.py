"""Identity: who is a member, since when, and who vouched for it. Start with `README.md`."""
