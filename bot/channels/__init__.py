"""The channels: telegram (groups and private chats) and square (a public forum of our own)."""
