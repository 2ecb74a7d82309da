"""The inbox, asked as agents ask it."""
