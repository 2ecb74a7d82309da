"""Killing the bot at every commit and every call: whatever the moment, no promise is broken."""
