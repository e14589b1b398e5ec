"""Fixtures of the scenarios with a browser."""

import pytest

from tests.support import browser
from tests.support.shop import wait_until


@pytest.fixture(scope="session")
def chromium():
    """One browser for all tests of a worker."""
    with browser.chromium() as started:
        yield started


@pytest.fixture
def open_page(chromium):
    """Opens an address in a window of its own, and notes what the browser complains of."""
    windows = browser.Windows(chromium)
    yield windows
    windows.close()


@pytest.fixture
def run(port):
    """Starts a `millrace run` that commits as soon as it can, and waits until it is ready; returns its Port."""

    def start(*options):
        server = port("--trigger", "0", *options, command="run")
        wait_until(lambda: server.get("/readyz")[0] == 200)
        return server

    return start
