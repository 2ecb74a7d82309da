"""Starts Rasa: with the token from the environment, where no list of processes shows it, and with less to do.

Rasa checks its own JSON schemas at every request, which takes 32 of the 40 ms of an action's answer and of a tracker
put back. The schemas never change while it runs. What comes in is still checked against them.
"""

import os
import sys
from typing import Any

import jsonschema
from rasa.__main__ import main


def trust(schema: dict[str, Any]) -> None:
    """Take a schema as it is."""


if __name__ == "__main__":
    jsonschema.Draft202012Validator.check_schema = staticmethod(trust)
    sys.argv += ["--auth-token", os.environ["KNOCK_RASA_TOKEN"]]
    main()
