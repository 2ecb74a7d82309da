"""Tests of understanding: the detector of posts, and the talk with Rasa."""
