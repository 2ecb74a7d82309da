"""The record of every thread, tested."""
