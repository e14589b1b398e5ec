"""The Debian package that `make package` makes, installed in an empty Debian 12."""

import json
import re
import shlex
import shutil
import signal
import stat
import subprocess
import urllib.request

import pytest

from scripts import stack
from tests.package import debian_root
from tests.support.paths import ROOT
from tests.support.shop import wait_until

REFUSAL = debian_root.why_not()
pytestmark = [
    pytest.mark.long,
    pytest.mark.xdist_group("package"),
    pytest.mark.skipif(REFUSAL is not None, reason=f"there is no Debian to install the package in: {REFUSAL}"),
]
EVENT = {"user_id": "u1", "event_type": "view", "product_id": "p1", "price": 9.5}


@pytest.fixture(scope="module")
def package():
    found = sorted((ROOT / "build" / "packages").glob("millrace_*.deb"))
    assert len(found) == 1, f"there must be one package in build/packages, not {len(found)}; run make package"
    return found[0]


@pytest.fixture(scope="module")
def debian(package, tmp_path_factory):
    """A Debian with the package installed by apt, and no program or library of the build in it."""
    system = debian_root.DebianRoot(tmp_path_factory.mktemp("package") / "debian")
    with system.mounted():
        shutil.copy(package, system.folder / "tmp")
        system.apt("update")
        system.apt("install", f"/tmp/{package.name}")
        yield system


@pytest.fixture(scope="module")
def unit(debian):
    """The settings of the systemd unit's section [Service]."""
    text = (debian.folder / "usr/lib/systemd/system/millrace.service").read_text()
    return dict(re.findall(r"(?m)^([A-Za-z]+)=(.*)$", text))


@pytest.fixture(scope="module")
def service(debian, unit):
    """The unit's command with its environment and as its user, on a free port, and the address of that port."""
    port = stack.free_port()
    env = dict(pair.split("=", 1) for pair in unit["Environment"].split())
    env |= {"MILLRACE_RUN_PORT": port, "MILLRACE_RUN_TRIGGER": "1s"}
    process = subprocess.Popen(
        debian.command(*shlex.split(unit["ExecStart"]), user=unit["User"], env=env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: process.poll() is not None or is_ready(address), seconds=60)
        assert process.poll() is None, process.communicate()
        yield process, address
    finally:
        process.kill()
        process.wait()


def fetch(address, body=None):
    request = urllib.request.Request(
        address, data=None if body is None else json.dumps(body).encode(), headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read().decode()


def is_ready(address):
    try:
        return fetch(f"{address}/readyz") is not None
    except OSError:
        return False


def sql(debian, query):
    return debian.run("millrace", "--data", "/var/lib/millrace", "sql", query, "--json", user="millrace")


def test_the_program_has_the_version_of_its_package(debian, package):
    assert debian.run("millrace", "--version").split() == ["millrace", package.name.split("_")[1]]


def test_the_service_is_installed_but_not_started(debian, unit):
    assert debian.run("stat", "-c", "%U %G %a", "/var/lib/millrace").split() == ["millrace", "millrace", "750"]
    assert unit["User"] == "millrace"
    assert not list(debian.folder.glob("etc/systemd/system/*.wants/millrace.service"))
    settings = debian.folder / "etc/millrace/millrace.env"
    assert stat.S_IMODE(settings.stat().st_mode) == 0o640, "other users could read keys and passwords"
    assert all(line.startswith("#") or not line for line in settings.read_text().splitlines())


def test_manual_pages_completions_and_licences_are_there(debian):
    share = debian.folder / "usr/share"
    assert (share / "man/man1/millrace-topic-create.1.gz").exists()
    assert "complete " in debian.run(
        "bash", "-c", ". /usr/share/bash-completion/completions/millrace && complete -p millrace"
    )
    assert (share / "zsh/vendor-completions/_millrace").read_text().startswith("#compdef millrace")
    assert (share / "fish/vendor_completions.d/millrace.fish").exists()
    licences = {path.name for path in (share / "doc/millrace/licenses").iterdir()}
    assert {"pyarrow-license.txt", "duckdb.txt", "echarts-license.txt"} <= licences


def test_the_service_serves_its_pages(service):
    _, address = service
    page = fetch(f"{address}/")
    script = re.search(r'src="\.?/?(assets/[^"]+\.js)"', page)[1]
    assert len(fetch(f"{address}/{script}")) > 10_000
    assert "openapi:" in fetch(f"{address}/openapi.yaml")


def test_an_event_reaches_the_tables_and_the_reports(debian, service):
    _, address = service
    assert json.loads(fetch(f"{address}/v1/events", EVENT))["accepted"] == 1
    wait_until(lambda: (debian.folder / "var/lib/millrace/silver/_delta_log").exists())
    wait_until(lambda: json.loads(sql(debian, "select count(*) as n from silver"))["rows"] == [{"n": 1}])
    assert json.loads(sql(debian, "select count(*) as n from live.kpis where grain = 'day'"))["rows"] == [{"n": 1}]
    assert fetch(f"{address}/v1/state")
    assert json.loads(fetch(f"{address}/v1/sql", {"query": "select product_id from silver"}))["rows"] == [
        {"product_id": "p1"}
    ]


def test_stopping_the_service_ends_it_cleanly(service):
    process, _ = service
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert json.loads(out.splitlines()[-1])["verify"]["passed"]


def test_an_upgrade_keeps_the_settings_and_their_mode(debian, package):
    settings = debian.folder / "etc/millrace/millrace.env"
    settings.write_text("MILLRACE_RUN_PORT=8091\n")
    debian.apt("install", "--reinstall", f"/tmp/{package.name}")
    assert settings.read_text() == "MILLRACE_RUN_PORT=8091\n"
    assert debian.run("stat", "-c", "%U %G %a", "/etc/millrace/millrace.env").split() == ["root", "millrace", "640"]


def test_removing_the_package_keeps_the_shop(debian):
    (debian.folder / "var/lib/millrace/kept").touch()
    debian.apt("purge", "millrace")
    assert not (debian.folder / "usr/bin/millrace").exists()
    assert not (debian.folder / "etc/millrace").exists()
    assert (debian.folder / "var/lib/millrace/kept").exists()
