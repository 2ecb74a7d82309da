"""From a public post to a case."""
