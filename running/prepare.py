"""``python -m running.prepare``: the newest schema, and the demo business on the first start."""

from __future__ import annotations

import os
import sys

import config


def main() -> int:
    """0, or after one line: 2 when a setting cannot be used, 1 when the database cannot. How to sign in goes to the file
    descriptor that the command line names."""
    try:
        settings = config.load()
    except config.SettingError as error:
        print(error, file=sys.stderr)
        return 2
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    from sqlalchemy.exc import DBAPIError

    from app import create_app
    from commands import fit
    from commands.business import ensure_demo
    from commands.failing import why
    from commands.migrate import bring_up

    app = create_app(settings)
    with app.app_context():
        try:
            if wrong := fit.unsound() or fit.newer():
                print(wrong, file=sys.stderr)
                return 2
            bring_up()
            if ensure_demo():
                print(
                    "The demo business was loaded; `flask business load FILE --replace-demo` puts yours in its place."
                )
        except DBAPIError as error:
            print(why(error) or error.orig, file=sys.stderr)
            return 1
    if why_not := fit.why_not(app):
        print(why_not, file=sys.stderr)
        return 2
    if len(sys.argv) > 1:
        with app.app_context(), os.fdopen(int(sys.argv[1]), "w", encoding="utf-8") as told:
            told.write(fit.how_to_sign_in())
    return 0


if __name__ == "__main__":
    sys.exit(main())
