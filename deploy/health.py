"""Asks the process in this container whether it is ready; exit code 1 and its answer if it is not."""

import os
import sys
from urllib.error import HTTPError
from urllib.request import urlopen

try:
    with urlopen(f"http://127.0.0.1:{os.environ.get('VORONKA_PORT', '8080')}/health/ready", timeout=4):
        pass
except HTTPError as error:
    sys.exit(error.read().decode(errors="replace"))
except OSError as error:
    sys.exit(str(error))
