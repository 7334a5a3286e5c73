"""The files of ``deploy/`` are taken by the programs that they are for, as far as those are at hand, and say what is true."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import config
from tests.support.web import environment
from web.uploading import MOST_SENT

DEPLOY = config.ROOT / "deploy"
UNITS = sorted(path.name for path in DEPLOY.glob("frontdesk-*.*") if path.suffix in (".service", ".timer"))
# A program that is made on the machine itself.
OURS = "/srv/frontdesk/.venv/bin/python"


def unit(name: str) -> dict[str, list[str]]:
    """``Section.Key`` → values, lines that go on taken together."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in (DEPLOY / name).read_text().replace("\\\n", " ").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if heading := re.fullmatch(r"\[(\w+)\]", line):
            section = heading[1]
            continue
        key, _, value = line.partition("=")
        assert _ == "=", f"{name}: {line!r} is no setting"
        found.setdefault(f"{section}.{key}", []).append(value)
    return found


def directives(text: str) -> Iterator[tuple[str, ...]]:
    """The directives of an nginx file, each with its words; blocks are opened and closed as often."""
    text = re.sub(r"#.*", "", text)
    assert text.count("{") == text.count("}")
    for part in re.split(r"[;{}]", text):
        if part.strip():
            yield tuple(shlex.split(part))


def test_units_are_taken_by_systemd(tmp_path: Path):
    tool = shutil.which("systemd-analyze")
    for name in UNITS:
        (tmp_path / name).write_text((DEPLOY / name).read_text().replace(OURS, sys.executable))
    if tool is None:
        # Without the tool what it would look at first: sections and keys that can be read.
        assert all(unit(name) for name in UNITS)
        return
    command = [tool, "verify", "--man=no", "--recursive-errors=no", *(str(tmp_path / name) for name in UNITS)]
    done = subprocess.run(command, capture_output=True, text=True)
    mine = [line for line in done.stderr.splitlines() if "frontdesk" in line]
    assert mine == []


@pytest.mark.parametrize("name", [name for name in UNITS if name.endswith(".service")])
def test_units_run_as_nobody_special_and_write_only_where_data_is(name: str):
    found = unit(name)
    assert found["Service.User"] == ["frontdesk"]
    assert found["Service.ProtectSystem"] == ["strict"]
    assert found["Service.NoNewPrivileges"] == ["true"]
    assert found["Service.UMask"] == ["0077"]
    assert found["Service.ReadWritePaths"][0].split()[0] == "/srv/frontdesk/instance"


@pytest.mark.parametrize("name", UNITS)
def test_what_a_unit_starts_is_there(name: str):
    commands = [value for key, values in unit(name).items() if key.startswith("Service.Exec") for value in values]
    for command in commands:
        program = shlex.split(command)[0]
        assert program == OURS or shutil.which(program), f"{name}: {program} is not there"


def test_the_web_server_takes_its_options(tmp_path: Path):
    command = shlex.split(unit("frontdesk-web.service")["Service.ExecStart"][0])
    assert command[0] == OURS
    given = environment(tmp_path, {"DATABASE_URL": f"sqlite:///{tmp_path / 'none.db'}"})
    done = subprocess.run(
        [sys.executable, *command[1:], "--print-config"], cwd=config.ROOT, env=given, capture_output=True, text=True
    )
    # The options were read; the application is then refused, since this database has no tables.
    assert "unrecognized arguments" not in done.stderr
    assert "has no tables yet" in done.stderr


def test_a_server_that_must_not_start_is_not_started_again_and_again():
    found = unit("frontdesk-web.service")["Service.RestartPreventExitStatus"]
    assert set(found[0].split()) >= {"3", "4"}
    assert "2" in unit("frontdesk-worker.service")["Service.RestartPreventExitStatus"][0].split()


def test_the_nightly_backup_is_a_command_that_exists(tmp_path: Path):
    """What the unit's shell would run, with the folders of this test."""
    (line,) = unit("frontdesk-backup.service")["Service.ExecStart"]
    shell = shlex.split(line)
    assert shell[:2] == ["/bin/sh", "-c"]
    written = shell[2].replace("$$", "$").replace("%%", "%").replace(OURS, sys.executable)
    written = written.replace("/var/backups/frontdesk", str(tmp_path))
    given = environment(tmp_path, {"DATABASE_URL": f"sqlite:///{tmp_path / 'house.db'}"})
    subprocess.run([sys.executable, "-m", "flask", "--app", "wsgi", "migrate"], cwd=config.ROOT, env=given, check=True)
    subprocess.run(["/bin/sh", "-c", written], cwd=config.ROOT, env=given, check=True, capture_output=True)
    (kept,) = tmp_path.glob("*.zip")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d-\d{4}\.zip", kept.name)


def test_nginx_takes_its_file(tmp_path: Path):
    text = (DEPLOY / "nginx.conf").read_text()
    proxy = (DEPLOY / "frontdesk-proxy.conf").read_text()
    found = [*directives(text), *directives(proxy)]
    assert ("include", "/etc/nginx/frontdesk-proxy.conf") in [each[-2:] for each in found]
    tool = shutil.which("nginx")
    if tool is None:
        return
    key, certificate = tmp_path / "key.pem", tmp_path / "chain.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=book.example.com"),
            *("-keyout", str(key), "-out", str(certificate), "-days", "1"),
        ],
        check=True,
        capture_output=True,
    )
    (tmp_path / "proxy.conf").write_text(proxy)
    here = text.replace("/etc/nginx/frontdesk-proxy.conf", str(tmp_path / "proxy.conf"))
    here = re.sub(r"(ssl_certificate\s+)\S+;", rf"\1{certificate};", here)
    here = re.sub(r"(ssl_certificate_key\s+)\S+;", rf"\1{key};", here)
    whole = tmp_path / "nginx.conf"
    whole.write_text(f"pid {tmp_path}/nginx.pid; error_log {tmp_path}/error.log; events {{}} http {{ {here} }}")
    done = subprocess.run([tool, "-t", "-c", str(whole)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_proxies_hand_on_what_one_proxy_is_believed_to():
    said = {each[1]: each[2] for each in directives((DEPLOY / "frontdesk-proxy.conf").read_text()) if len(each) == 3}
    # Set, not added to: what a visitor claims about herself ends here.
    assert said["X-Forwarded-For"] == "$remote_addr"
    assert said["X-Forwarded-Proto"] == "$scheme"
    assert said["X-Forwarded-Host"] == "$host"
    assert "PROXIES=1" in (DEPLOY / "env.example").read_text()


def test_proxies_let_through_what_the_program_reads():
    """A body that the program takes is not refused before it, and nothing larger is let in."""
    nginx = dict(each for each in directives((DEPLOY / "nginx.conf").read_text()) if len(each) == 2)
    megabytes = MOST_SENT // 1_000_000
    assert nginx["client_max_body_size"] == f"{megabytes}m"
    assert f"max_size {megabytes}MB" in (DEPLOY / "Caddyfile").read_text()


def test_no_proxy_touches_who_may_frame_a_page():
    for name in ("nginx.conf", "frontdesk-proxy.conf", "Caddyfile"):
        assert not re.search(r"(?i)x-frame-options|content-security-policy", (DEPLOY / name).read_text())


def test_secrets_in_addresses_stay_out_of_the_log():
    text = (DEPLOY / "nginx.conf").read_text()
    silent = re.search(r"location ~ \^/\((.*?)\)/ \{ access_log off;", text)
    assert silent
    assert {"feeds", "b", "desk/password", "embed"} <= set(silent[1].split("|"))


def test_caddy_takes_its_file():
    text = re.sub(r"#.*", "", (DEPLOY / "Caddyfile").read_text())
    assert text.count("{") == text.count("}")
    assert "reverse_proxy 127.0.0.1:8000" in text
    if tool := shutil.which("caddy"):
        command = [tool, "validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile")]
        assert subprocess.run(command, capture_output=True).returncode == 0


def test_every_file_is_named_where_it_is_explained():
    page = (config.ROOT / "docs" / "operating.md").read_text()
    assert [path.name for path in DEPLOY.iterdir() if f"deploy/{path.name}" not in page] == []
