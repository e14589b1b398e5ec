"""deploy/compose.yaml is valid, and its service `millrace` can be reached by those with a key.

No container is run here: the service's command line and environment run on the native stack.
"""

import json
import os
import re
import subprocess
import urllib.error
import urllib.request

import pytest
import yaml

from scripts import stack
from tests.support.paths import BUILD, ROOT
from tests.support.shop import stop, wait_until

COMPOSE = ROOT / "deploy" / "compose.yaml"
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
SECRETS = {"MILLRACE_PASSWORD": "a-long-password", "MILLRACE_WRITE_KEY": "0123456789abcdef"}
EVENT = {"user_id": "u1", "event_type": "view", "product_id": "p1", "price": 9.5}


def interpolated(text):
    """A value of the compose file with its ${NAME:-default} and ${NAME:?message} replaced."""

    def value(match):
        name, _, rest = re.split(r"(:[-?])", match[1], maxsplit=1)
        return SECRETS.get(name, rest)

    return re.sub(r"\$\{([^}]+)\}", value, text)


def image():
    """The instructions of the image's last stage, in order: (name, arguments)."""
    text = re.sub(r"\\\n\s*", "", DOCKERFILE.read_text()).rpartition("\nFROM ")[2]
    return re.findall(r"(?m)^([A-Z]+) (.*)$", text)


def of_image(name):
    return [arguments for instruction, arguments in image() if instruction == name]


@pytest.fixture
def service():
    return yaml.safe_load(COMPOSE.read_text())["services"]["millrace"]


@pytest.fixture
def environment(service):
    """The container's environment: that of the image, and over it that of the service."""
    of_service = {name: interpolated(value) for name, value in service["environment"].items()}
    return dict(pair.split("=", 1) for line in of_image("ENV") for pair in line.split()) | of_service


@pytest.fixture
def address(service, environment, kafka, postgres, tmp_path, free_port):
    """The service's port while the service runs here.

    Only hosts, ports and folders differ from the container's, and the names of the topic and the database, since tests
    share the broker and the server.
    """
    postgres.psql("create database compose")
    here = {
        "kafka:19092/ecom_clickstream_raw": f"127.0.0.1:{kafka.port}/compose",
        "postgres:5432/millrace": f"127.0.0.1:{postgres.port}/compose",
        "/var/lib/millrace": str(tmp_path / "millrace"),
    }
    env = dict(environment)
    for there, place in here.items():
        assert any(there in value for value in env.values()), f"the service uses no {there}"
        env = {name: value.replace(there, place) for name, value in env.items()}
    env |= {"MILLRACE_RUN_PORT": str(free_port), "PATH": f"{BUILD}:{os.environ['PATH']}"}
    process = subprocess.Popen(
        [ROOT / "deploy" / "entrypoint.sh", *service["command"]],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    found = f"http://127.0.0.2:{free_port}"  # an address that only a server on 0.0.0.0 answers at
    try:
        wait_until(lambda: process.poll() is not None or status(f"{found}/healthz") == 200, seconds=60)
        assert process.poll() is None, process.communicate()
        yield found
        code, out, err = stop(process)
        assert code == 0, f"{out}\n{err}"
    finally:
        process.kill()


def ask(url, body=None, **headers):
    request = urllib.request.Request(
        url,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **headers},
    )
    return urllib.request.urlopen(request, timeout=30)


def status(url, body=None, **headers):
    """The status of the answer; 0 when nothing answers."""
    try:
        return ask(url, body, **headers).status
    except urllib.error.HTTPError as refused:
        return refused.code
    except OSError:
        return 0


def test_the_services_port_answers_those_with_a_key(address, postgres):
    assert status(f"{address}/") == 200, "the login page is for everyone"
    assert status(f"{address}/v1/events", EVENT) == 401
    assert status(f"{address}/v1/events", EVENT, Authorization=f"Bearer {SECRETS['MILLRACE_WRITE_KEY']}") == 202
    assert status(f"{address}/v1/state") == 401
    assert status(f"{address}/v1/login", {"name": "admin", "password": "another-password"}) == 401
    with ask(f"{address}/v1/login", {"name": "admin", "password": SECRETS["MILLRACE_PASSWORD"]}) as login:
        cookie = login.headers["Set-Cookie"].partition(";")[0]
    assert status(f"{address}/v1/state", Cookie=cookie) == 200
    wait_until(
        lambda: postgres.psql("select count(*) from millrace.kpis", "compose").stdout.strip() not in ("", "0"),
        seconds=60,
    )


def test_the_service_publishes_the_port_that_the_image_exposes(service, environment):
    port = environment["MILLRACE_RUN_PORT"]
    assert environment["MILLRACE_RUN_HOST"] == "0.0.0.0"
    assert of_image("EXPOSE") == [port]
    assert [published.split(":")[-1] for published in service["ports"]] == [port]


def test_the_image_runs_as_a_user_without_rights_and_tells_its_health():
    assert of_image("USER") == ["millrace"]
    assert "/healthz" in of_image("HEALTHCHECK")[0]


@pytest.mark.parametrize("missing", SECRETS)
@pytest.mark.long
def test_the_compose_file_asks_for_its_secrets(missing):
    done = compose({name: value for name, value in SECRETS.items() if name != missing})
    assert done.returncode != 0 and missing in done.stderr


@pytest.mark.long
def test_the_compose_file_is_valid():
    done = compose(SECRETS)
    assert done.returncode == 0, done.stderr
    services = {"kafka", "millrace", "postgres"}
    spark = {"spark-history", "spark-master", "spark-worker"}  # of a profile, which older versions list, too
    assert set(done.stdout.split()) - spark == services


def compose(env):
    return subprocess.run(
        ["docker-compose", "-f", COMPOSE, "config", "--services"],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], **env},
    )


def test_the_spark_containers_run_what_the_native_stack_runs(tmp_path):
    services = yaml.safe_load(COMPOSE.read_text())["services"]
    master = stack.SparkMaster(tmp_path / "master")
    worker = stack.SparkWorker(tmp_path / "worker", master)
    history = stack.SparkHistory(tmp_path / "history")
    for name, native, hosts in (
        ("spark-master", master, {"127.0.0.1": "spark-master"}),
        ("spark-worker", worker, {master.url: "spark://spark-master:7077"}),
        ("spark-history", history, {}),
    ):
        main, *arguments = services[name]["command"]
        assert main == native.main
        here = [hosts.get(str(each), str(each)) for each in native.arguments()]
        only_here = {"--host", "127.0.0.1", "--work-dir", str(tmp_path / "worker" / "work")}
        assert [each for each in here if each not in only_here - set(arguments)] == arguments, name
        assert f"127.0.0.1:{native.port}:{native.port}" in services[name]["ports"]
    assert set(worker.options) == set(services["spark-worker"]["environment"]["SPARK_WORKER_OPTS"].split())
    versions = (ROOT / "scripts" / "requirements-spark.txt").read_text().split()
    assert len(versions) == 1 and versions[0].startswith("pyspark==4.2")
