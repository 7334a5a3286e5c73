"""The application for a WSGI server and for ``flask``."""

import sys

import config
from app import create_app
from commands import fit

try:
    app = create_app()
except config.SettingError as error:
    print(error, file=sys.stderr)  # noqa: T201  the one line that names the odd setting
    # Gunicorn starts a worker again and again, unless its exit code is 3 or 4 ("the application cannot be loaded").
    raise SystemExit(4 if "gunicorn.arbiter" in sys.modules else 2) from None

if "gunicorn.arbiter" in sys.modules and (why := fit.why_not(app)):
    print(why, file=sys.stderr)  # noqa: T201  as above
    raise SystemExit(4)
