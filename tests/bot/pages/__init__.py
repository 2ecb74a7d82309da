"""The customer's pages, as a browser without scripts sees them, and as Chromium does."""
