"""Fixtures of the scenarios."""

import pytest

from tests.support.shop import wait_until


@pytest.fixture
def run(port):
    """Starts a `millrace run` that commits as soon as it can, and waits until it is ready; returns its Port."""

    def start(*options):
        server = port("--trigger", "0", *options, command="run")
        wait_until(lambda: server.get("/readyz")[0] == 200)
        return server

    return start
