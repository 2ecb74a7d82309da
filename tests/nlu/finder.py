"""Finds details: JSON texts in, JSON entities and milliseconds out, line by line. Run by the Python of Rasa."""

import json
import sys
import time
from pathlib import Path

from nlu.components.catalogue import CatalogueFile
from nlu.components.details import entities

if __name__ == "__main__":
    file = CatalogueFile(Path(sys.argv[1]))
    print("ready", flush=True)
    for line in sys.stdin:
        (text, others), began = json.loads(line), time.process_time()
        found = entities(text, others, file.now())
        print(json.dumps([found, 1000 * (time.process_time() - began)]), flush=True)
