"""Tests of what Rasa may do besides talk."""
