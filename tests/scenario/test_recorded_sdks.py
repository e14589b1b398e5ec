"""What the libraries of other products have sent (tests/compat/test_sdks.py records it) gives the same order."""

import pytest

from tests.support.paths import FIXTURES
from tests.support.port import KEY
from tests.support.recorder import send_again
from tests.support.sdk_order import check_order

RECORDED = sorted(path.stem for path in (FIXTURES / "sdks").glob("*.json"))


def test_all_libraries_were_recorded():
    assert len(RECORDED) == 5


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_order_comes_out_right(shop, port, name):
    server = port("--write-key", f"shop={KEY}")
    # A library that gets no answer sends again. GA4's messages have no ids, so only its purchases count once.
    for _ in range(1 if "ga4" in name else 2):
        assert set(send_again(FIXTURES / "sdks" / f"{name}.json", server.port)) <= {200, 204}
    server.stop()
    check_order(shop)
