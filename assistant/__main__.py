"""python -m assistant: the same as the command `quoth`."""

import sys

from assistant.cli import main

sys.exit(main())
