"""Browsers in words: "Firefox on Windows" instead of what a browser says of itself."""

BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
"""The most special first: nearly all say that they are Safari, too."""

SYSTEMS = (
    ("iPhone", "an iPhone"),
    ("iPad", "an iPad"),
    ("Android", "Android"),
    ("CrOS", "a Chromebook"),
    ("Windows", "Windows"),
    ("Mac OS X", "a Mac"),
    ("Linux", "Linux"),
)


def in_words(user_agent: str | None) -> str:
    """What to call the browser that sent this."""
    said = user_agent or ""
    browser = next((name for mark, name in BROWSERS if mark in said), "Some browser")
    system = next((name for mark, name in SYSTEMS if mark in said), None)
    return f"{browser} on {system}" if system else browser
