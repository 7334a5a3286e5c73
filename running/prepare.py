"""``python -m running.prepare``: the newest schema, and the demo business on the first start."""

from __future__ import annotations

import sys

import config


def main() -> int:
    """0, or 2 after one line when a setting cannot be used."""
    try:
        settings = config.load()
    except config.SettingError as error:
        print(error, file=sys.stderr)
        return 2
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    from flask_migrate import upgrade

    from app import create_app
    from commands.business import ensure_demo

    app = create_app(settings)
    with app.app_context():
        upgrade()
        if ensure_demo():
            print("The demo business was loaded; `flask business load FILE --replace-demo` puts yours in its place.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
