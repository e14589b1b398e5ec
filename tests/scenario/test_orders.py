"""An order counts once, whenever and however often its lines are sent."""

import datetime

from tests.support import gold_oracle
from tests.support.events import event, lines
from tests.support.port import Port
from tests.support.shop import wait_until

GOLD = ["gold", "--available-now"]
DAY = datetime.datetime(2024, 6, 1, tzinfo=datetime.UTC)


def bought(number, days, price=10, **fields):
    """A purchase of the line (o1, p1, 1), so many days after the first of June."""
    time = (DAY + datetime.timedelta(days=days)).isoformat()
    return event(number, event_type="purchase", order_id="o1", price=price, user_id="u1", timestamp=time, **fields)


def fill(shop, *events):
    shop.write(*lines(events))
    shop.drain()
    shop.run(*GOLD)


def passing(days):
    """Events in all partitions that move the watermark."""
    time = (DAY + datetime.timedelta(days=days)).isoformat()
    return [event(10**6 * (days + 1) + n, user_id=f"u{n}", timestamp=time) for n in range(20)]


def revenue(shop):
    """The days with revenue."""
    rows = shop.json(
        "sql",
        "select day, gross_revenue, orders from gold.kpis where grain = 'day' and gross_revenue > 0 order by day",
    )["rows"]
    return {row["day"]: (float(row["gross_revenue"]), row["orders"]) for row in rows}


def check(shop):
    """Checks all tables when the last days have passed, so that also their sessions are corrected."""
    fill(shop, *passing(200))
    shop.run(*GOLD, "--close")
    gold_oracle.check(shop.data)
    assert shop.json("gold", "reconcile")["differences"] == []
    shop.verify()


def test_a_thank_you_page_that_is_loaded_three_times_is_one_order(shop):
    server = Port(shop, "--no-simulator", "--trigger", "1h", command="run")
    wait_until(lambda: server.get("/readyz")[0] == 200)
    for load in range(3):
        time = datetime.datetime.now(datetime.UTC).isoformat()
        status, answer, _ = server.post(
            {
                "type": "track",
                "userId": "u1",
                "messageId": f"m{load}",
                "event": "Order Completed",
                "timestamp": time,
                "properties": {
                    "order_id": "o1",
                    "products": [
                        {"product_id": "a", "price": 5, "quantity": 2},
                        {"product_id": "b", "price": 7.5},
                        {"product_id": "a", "price": 1},
                    ],
                },
            },
            path="/v1/track",
        )
        assert status == 200, answer

    def live():
        text = "select sum(gross_revenue) as gross, sum(orders) as orders, sum(events) as events from live.kpis"
        status, answer, _ = server.post({"query": f"{text} where grain = 'day'"}, path="/v1/sql")
        assert status == 200, answer
        return {name: float(value or 0) for name, value in answer["rows"][0].items()}

    wait_until(lambda: live()["events"] == 9)
    assert live() == {"gross": 18.5, "orders": 1, "events": 9}, "before the commit"
    server.stop()
    shop.run(*GOLD, "--close")
    gold_oracle.check(shop.data)
    shop.verify()


def test_a_line_within_thirty_days_is_a_repeat_and_a_later_one_is_not(shop):
    fill(shop, bought(1, 0), *passing(1))
    fill(shop, bought(2, 5), bought(3, 34), *passing(40))
    fill(shop, bought(4, 66), *passing(70))
    assert revenue(shop) == {"2024-06-01": (10, 1), "2024-08-06": (10, 1)}
    check(shop)
    shop.run("gold", "--batch", "--from", "2024-06-06", "--to", "2024-07-05")
    assert revenue(shop) == {"2024-06-01": (10, 1), "2024-08-06": (10, 1)}
    check(shop)


def test_the_earliest_line_counts_when_it_comes_last(shop):
    fill(shop, bought(1, 9, price=11), *passing(11))
    assert list(revenue(shop)) == ["2024-06-10"]
    fill(shop, bought(2, 2))
    assert revenue(shop) == {"2024-06-03": (10, 1)}
    check(shop)


def test_a_line_whose_day_is_still_open_is_corrected_when_it_has_passed(shop):
    fill(shop, bought(1, 9.3), *passing(9.5))
    fill(shop, bought(2, 9.2), bought(3, 2))
    fill(shop, *passing(11))
    assert revenue(shop) == {"2024-06-03": (10, 1)}
    check(shop)


def test_an_hour_with_a_line_that_no_longer_counts_is_corrected_when_it_has_passed(shop):
    hour = 1 / 24
    fill(shop, bought(1, 9 + 10.5 * hour), *passing(9 + 10.9 * hour))
    fill(shop, bought(2, 9 + 10.1 * hour), *passing(9 + 10.95 * hour))
    fill(shop, *passing(9 + 11.5 * hour))
    shop.verify()
    row = shop.json("sql", "select sum(gross_revenue) as gross from gold.kpis where grain = 'hour'")["rows"][0]
    assert float(row["gross"]) == 10
    check(shop)


def test_a_month_that_comes_after_the_next_one_takes_its_orders_back(shop):
    fill(shop, bought(1, 31), *passing(90))
    assert list(revenue(shop)) == ["2024-07-02"]
    fill(shop, bought(2, 29.9))
    assert list(revenue(shop)) == ["2024-06-30"]
    check(shop)


def test_lines_of_one_product_are_told_apart_by_their_number(shop):
    fill(shop, *(bought(n, 0, line_number=n % 2) for n in range(6)), *passing(2))
    assert revenue(shop) == {"2024-06-01": (20, 1)}
    check(shop)


def test_the_period_is_an_option(shop):
    shop.write(*lines([bought(1, 0), bought(2, 0.5), bought(3, 3), *passing(5)]))
    shop.drain("--order-repeats", "1d")
    shop.run(*GOLD)
    assert list(revenue(shop)) == ["2024-06-01", "2024-06-04"]
    shop.run(*GOLD, "--close")
    gold_oracle.check(shop.data, order_repeats="1 day")
    shop.verify()


def test_purchases_of_a_visit_are_one_order(shop, sample):
    shop.run("load", "--format", "rees46", sample)
    totals = "select sum(orders) as orders, sum(gross_revenue) as gross from gold.kpis where grain = 'day'"
    row = shop.json("sql", totals)["rows"][0]
    assert (int(row["orders"]), float(row["gross"])) == (200, 59442.63)
    assert shop.count("silver", "event_type")["purchase"] == 214
    gold_oracle.check(shop.data)
    shop.verify()
