"""A command that has too little memory ends with an error, and one that needed much gives it back."""

import resource
import subprocess

import pytest

from tests.support import oracle
from tests.support.port import metric
from tests.support.processes import memory_kib
from tests.support.shop import wait_until


def run_within(shop, megabytes, *command):
    """The command's exit code and stderr with so much address space; None when even --version has too little."""

    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))

    if subprocess.run(shop.command("--version"), preexec_fn=limit, capture_output=True).returncode != 0:
        return None, ""
    done = subprocess.run(shop.command(*command), preexec_fn=limit, capture_output=True, timeout=120)
    return done.returncode, done.stderr.decode(errors="replace")


def test_a_command_that_lacks_memory_ends_with_an_error(shop):
    shop.run("produce", "--rate", "max", "--count", "200000", "--span", "6h", "--invalid", "1%")
    failed = 0
    for megabytes in range(100, 900, 10):
        code, err = run_within(shop, megabytes, "silver", "--available-now", "--batch-rows", "50000")
        if code is None:
            continue
        assert code in (0, 3), f"{megabytes} MB: {code}\n{err}"
        assert code == 0 or err.strip().splitlines()[-1].startswith("millrace: "), err
        failed += code == 3
        if code == 0:
            break
    assert failed > 0, "no run had too little memory, so the test has checked nothing"
    shop.drain()
    shop.verify()
    oracle.check_exactly_once(shop.data)


@pytest.mark.long
def test_memory_of_a_backlog_goes_back_to_the_system(shop, port):
    shop.run("produce", "--rate", "max", "--count", "900000", "--span", "10d", "--users", "50000", "--seed", "3")
    server = port("--rate", "5", "--duration", "10m", "--trigger", "2s", "--gold-trigger", "2s", command="run")
    wait_until(lambda: (metric(server, "millrace_silver_lag_records") or 10**6) < 100, seconds=120)
    at_most = (128 << 10) + 900_000 * 33 // 1024  # KiB; the deduplication keeps 33 bytes of each id
    wait_until(lambda: memory_kib(server.process.pid) < at_most, seconds=60)
    wait_until(lambda: metric(server, "millrace_gold_lag_versions") == 0)
    server.stop()
    shop.verify()
