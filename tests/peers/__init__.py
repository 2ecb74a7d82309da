"""Servers that play the platforms.

fake_telegram       our own Telegram, with everything that may go wrong
telegram_test_api/  a Telegram that nobody here wrote, from npm
"""
