"""Servers that play the platforms.

fake_x              our own X, with everything that may go wrong; with pages for people
fake_telegram       our own Telegram, with everything that may go wrong
outside_telegram    a Telegram that nobody here wrote: npm's telegram-test-api, in telegram_test_api/
"""
