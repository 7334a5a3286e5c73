"""``flask business load`` and ``dump``."""

from __future__ import annotations

from pathlib import Path

import click
from flask import current_app

import clock
from actions.businessfile.dumping import dump as dump_business
from actions.businessfile.loading import Report
from actions.businessfile.loading import load as load_business
from actions.businessfile.reading import Wrong
from actions.demo_staff import add_demo_staff
from actions.demo_visits import add_demo_visits
from commands import fit
from commands.failing import Group
from models.base import db
from models.business import Business
from models.snapshot import NoBusiness
from rules.errors import Busy, Refusal

business = Group("business", help="The business as a file: load it, dump it.")


@business.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--retire-missing", is_flag=True, help="Retire what the file does not name.")
@click.option(
    "--replace-demo", is_flag=True, help="Drop the demo business and its trial bookings first, in the same step."
)
def load(file: Path, retire_missing: bool, replace_demo: bool) -> None:
    """Load FILE: prints what was added, changed and left."""
    try:
        report = load_business(
            file,
            pictures_dir=current_app.config["SETTINGS"].pictures,
            now=clock.now(),
            retire_missing=retire_missing,
            replace_demo=replace_demo,
        )
    except Wrong as wrong:
        for problem in wrong.problems:
            click.echo(f"{file.name}: {problem}", err=True)
        click.echo("Nothing was changed.", err=True)
        raise SystemExit(1) from wrong
    except (OSError, Refusal) as error:
        click.echo(f"{file.name}: {'the database is busy' if isinstance(error, Busy) else error}", err=True)
        click.echo("Nothing was changed.", err=True)
        raise SystemExit(1) from error
    _print(report)
    if report.wiped is not None and (said := fit.how_to_sign_in().strip()):
        click.echo(said)


@business.command("dump")
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
def dump(file: Path | None) -> None:
    """Write the business to FILE (pictures beside it) or to the screen."""
    try:
        text = dump_business(pictures_dir=current_app.config["SETTINGS"].pictures, target=file)
    except NoBusiness as none:
        raise click.ClickException("no business has been loaded yet") from none
    except OSError as error:
        raise click.ClickException(str(error)) from error
    if file is None:
        click.echo(text, nl=False)
    else:
        click.echo(f"Written to {file}")


demo = Group("demo", help="The demo business.")


@demo.command("ensure")
def ensure() -> None:
    """Load the demo business on a first start, where the settings allow it."""
    if ensure_demo():
        click.echo("The demo business is loaded. `flask business load FILE --replace-demo` leaves it.")


def ensure_demo() -> bool:
    """Loads the demo business when there is none yet and the settings allow it. True when it was loaded."""
    settings = current_app.config["SETTINGS"]
    if not settings.demo or db.session.get(Business, 1) is not None:
        return False
    path = Path(current_app.root_path) / "demo" / "business.yaml"
    load_business(path, pictures_dir=settings.pictures, now=clock.now(), demo=True)
    db.session.rollback()
    add_demo_staff(now=clock.now())
    db.session.rollback()
    add_demo_visits(path.with_name("visits.yaml"), now=clock.now())
    return True


def _print(report: Report) -> None:
    if report.wiped is not None:
        click.echo(f"demo: left, {report.wiped} trial bookings dropped")
    for name in ("added", "changed", "revived", "retired"):
        for each in getattr(report, name):
            click.echo(f"{name}: {each}")
    for each in report.left:
        click.echo(f"left: {each}")
    for each in report.notes:
        click.echo(f"note: {each}")
    for each in report.missing:
        click.echo(f"not in the file, stays: {each}")
