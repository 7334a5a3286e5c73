"""Makes ``.venv`` with exactly the pinned packages, once: ``python3 running/environment.py requirements.txt``.

Runs on the system's Python before anything is installed, so it uses the standard library only and a syntax that older
versions read too: they get a sentence instead of a traceback.
"""

import hashlib
import os
import shutil
import subprocess
import sys

NEEDED = (3, 11)
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
STAMP = os.path.join(VENV, "installed")


def main(requirements):
    # type: (str) -> int
    """Installs what ``requirements`` pins unless that was done already: 0, or 1 after one line that says why."""
    if sys.version_info < NEEDED:
        return _hand_over(requirements)
    wanted = _digest(requirements)
    if wanted in _installed() and _works():
        return 0
    try:
        _create()
        print("Installing the pinned packages into .venv (once; about half a minute) ...", flush=True)
        _install(requirements)
    except subprocess.CalledProcessError:
        return _say("The packages of %s could not be installed; the lines above say why." % requirements)
    _stamp(requirements)
    return 0


def _hand_over(requirements):
    # type: (str) -> int
    """Old Python: does the same with a newer one where the machine has it."""
    for minor in (14, 13, 12, 11):
        newer = shutil.which("python3.%d" % minor)
        if newer:
            return subprocess.call([newer, os.path.abspath(__file__), requirements])
    version = sys.version.split()[0]
    return _say("Frontdesk needs Python 3.11 or newer; this is %s. Name another: make run PYTHON=..." % version)


def _digest(requirements):
    # type: (str) -> str
    with open(os.path.join(ROOT, requirements), "rb") as file:
        return "%s %s on %d.%d" % ((requirements, hashlib.sha256(file.read()).hexdigest()) + sys.version_info[:2])


def _installed():
    # type: () -> list[str]
    try:
        with open(STAMP) as file:
            return file.read().splitlines()
    except OSError:
        return []


def _works():
    # type: () -> bool
    """False when the folder was moved or copied: the scripts inside name the old place."""
    try:
        ask = [PYTHON, "-c", "import sys, flask; print(sys.prefix)"]
        found = subprocess.check_output(ask, stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        return False
    return os.path.realpath(found.decode().strip()) == os.path.realpath(VENV)


def _create():
    # type: () -> None
    try:
        subprocess.check_call([PYTHON, "-m", "pip", "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return
    except (OSError, subprocess.CalledProcessError):
        shutil.rmtree(VENV, ignore_errors=True)
    try:
        import ensurepip  # noqa: F401  Debian ships it apart
    except ImportError:
        package = "python%d.%d-venv" % sys.version_info[:2]
        sentence = "Python's venv is missing here. On Debian or Ubuntu: apt-get install %s" % package
        raise SystemExit(_say(sentence)) from None
    subprocess.check_call([sys.executable, "-m", "venv", VENV])


def _install(requirements):
    # type: (str) -> None
    subprocess.check_call(
        [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
        + ["--require-hashes", "--only-binary", ":all:", "-r", os.path.join(ROOT, requirements)],
        cwd=ROOT,
    )


def _stamp(requirements):
    # type: (str) -> None
    """requirements-dev.txt holds all of requirements.txt, with the same pins (a test sees to that)."""
    done = ["requirements.txt", requirements]
    with open(STAMP, "w") as file:
        file.write("\n".join(_digest(each) for each in done) + "\n")


def _say(sentence):
    # type: (str) -> int
    sys.stderr.write(sentence + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
