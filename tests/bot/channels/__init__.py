"""The channels, each against servers that stand outside our code."""
