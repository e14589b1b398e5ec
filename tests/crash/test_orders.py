"""Records of several events each: after a kill at any fail point, each line of each order is in one place, once."""

import json
import shutil

import pytest

from tests.support import delta
from tests.support.kills import kill_at, points_of
from tests.support.shop import Millrace

SILVER = ["silver", "--available-now", "--batch-rows", "150"]


def order(number):
    """An order of 1 to 6 lines. Each seventh has a line without a price, which is refused alone."""
    lines = [{"product_id": f"p{n}", "price": n + 1, "quantity": 1} for n in range(number % 6 + 1)]
    if number % 7 == 0:
        del lines[-1]["price"]
    return {
        "type": "track",
        "userId": f"u{number % 11}",
        "messageId": f"m{number}",
        "event": "Order Completed",
        "timestamp": f"2026-01-01T00:{number // 60 % 60:02}:{number % 60:02}Z",
        "properties": {"order_id": f"o{number}", "currency": "EUR", "products": lines},
    }


def messages():
    for number in range(400):
        yield order(number)
        if number % 5 == 0:
            yield {"type": "identify", "userId": f"u{number % 11}", "messageId": f"i{number}"}
        if number % 9 == 0:
            yield order(number)  # sent twice


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """A data directory whose log has the orders, and which no table has yet."""
    folder = tmp_path_factory.mktemp("orders")
    (folder / "orders.json").write_text("".join(json.dumps(message) + "\n" for message in messages()))
    shop = Millrace(folder / "data", "millrace_crash")
    shop.run("import", folder / "orders.json", "--format", "segment")
    return shop.data


def places(shop, table, name="record_index"):
    rows = delta.rows(shop.data / table, ["partition", "offset", name])
    return list(zip(*(rows.column(column).to_pylist() for column in ("partition", "offset", name)), strict=True))


def check(shop):
    shop.verify()
    kept = places(shop, "silver")
    refused = places(shop, "quarantine")
    assert len(kept) == len(set(kept)) and len(refused) == len(set(refused))
    assert not set(kept) & set(refused)
    orders = [order(number) for number in range(400)]
    expected = {
        f"{sent['messageId']}#{line}"
        for sent in orders
        for line, product in enumerate(sent["properties"]["products"])
        if "price" in product
    }
    ids = delta.rows(shop.data / "silver", ["event_id"]).column("event_id").to_pylist()
    assert len(ids) == len(set(ids)) and set(ids) == expected
    assert len(refused) == sum(
        "price" not in order(n)["properties"]["products"][-1] for n in range(400) for _ in range(2 if n % 9 == 0 else 1)
    )


@pytest.mark.parametrize("passage", [1, 3])
def test_each_line_of_an_order_is_in_one_place_after_a_kill_at_each_fail_point(tmp_path, imported, passage):
    def copy(name):
        shutil.copytree(imported, tmp_path / name)
        return Millrace(tmp_path / name, "millrace_crash")

    kills = 0
    for point in points_of(copy("listed"), SILVER):
        shop = copy(f"{point}-{passage}")
        kills += kill_at(shop, SILVER, point, passage)
        shop.drain()
        check(shop)
    assert kills > 0
