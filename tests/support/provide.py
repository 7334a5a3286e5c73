"""``python -m tests.support.provide``: what the tests need beside Python packages. Fails with one line."""

import sys

from tests.support import browser

problem = browser.provide()
if problem:
    sys.exit(problem)
