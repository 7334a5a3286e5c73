"""``python -m running``."""

import sys

from running.supervisor import main

sys.exit(main())
