"""An order counts once, whenever and however often its lines are sent."""

import datetime
import json

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


def channels(shop):
    rows = shop.json("sql", "select order_id, channel from gold.orders order by order_id")["rows"]
    return {row["order_id"]: row["channel"] for row in rows}


def test_an_order_has_the_channel_of_its_visit_up_to_the_purchase(shop):
    def page(number, days, medium):
        time = (DAY + datetime.timedelta(days=days)).isoformat()
        url = f"https://shop.example/?utm_medium={medium}"
        return event(number, event_type="page_view", user_id="u1", session_id="s1", timestamp=time, page_url=url)

    refund = bought(3, 9, price=4, session_id="s1") | {"event_type": "refund"}
    fill(shop, page(1, 0.01, "email"), bought(2, 0.02, session_id="s1"), page(4, 0.03, "cpc"), *passing(1))
    assert channels(shop) == {"o1": "mail"}
    fill(shop, refund, *passing(10))
    assert channels(shop) == {"o1": "mail"}, "the correction of an order keeps its channel"
    fill(shop, page(5, 0.005, "social"))
    assert channels(shop) == {"o1": "social"}, "the visit began earlier than was known"
    fill(shop, bought(6, 0.025, session_id="s1") | {"order_id": "o2"})
    assert channels(shop) == {"o1": "social", "o2": "social"}, "an order that came late has its channel"
    check(shop)


def test_the_first_of_two_purchases_in_an_hour_names_the_channel(shop):
    time = (DAY + datetime.timedelta(days=1, seconds=2)).isoformat()
    url = "https://shop.example/thanks?utm_medium=email"
    browser = event(3, event_type="purchase", order_id="o1", price=10, user_id="u1", timestamp=time, page_url=url)
    fill(shop, bought(1, 0.5) | {"order_id": "before"}, bought(2, 1), browser | {"session_id": "s1"}, *passing(9))
    assert channels(shop) == {"before": None, "o1": None}, "the server, which came first, knows no page"
    fill(shop, bought(5, 1.5) | {"order_id": "late"})
    assert channels(shop) == {"before": None, "o1": None, "late": None}
    check(shop)


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


def orders(shop):
    """The rows of gold.orders by their order_id."""
    return {row["order_id"]: row for row in shop.json("sql", "select * from gold.orders")["rows"]}


def of_order(number, kind, days, **fields):
    return {**bought(number, days, **fields), "event_type": kind}


def net(shop):
    """The net revenue of all days that have events of orders, by the key figures and by the orders."""
    figures = "select sum(net_revenue) as net from gold.kpis where grain = 'day'"
    rows = "select sum(net) as net from gold.orders"
    return [float(shop.json("sql", text)["rows"][0]["net"]) for text in (figures, rows)]


def send(server, message, path):
    status, answer, _ = server.post(message, path=path)
    assert status == 200, answer


def completed(order, products, **properties):
    return {
        "type": "track",
        "event": "Order Completed",
        "userId": "u1",
        "messageId": f"completed-{order}",
        "timestamp": "2024-06-01T12:00:00Z",
        "properties": {"order_id": order, "products": products, **properties},
    }


def test_an_order_whose_odd_line_was_refused_tells_how_much_is_missing(shop):
    server = Port(shop, "--no-simulator", "--trigger", "1s", command="run")
    wait_until(lambda: server.get("/readyz")[0] == 200)
    products = [
        {"product_id": "a", "price": 30, "quantity": 2},
        {"product_id": "b", "price": 20},
        {"product_id": "c", "price": "six"},
    ]
    send(server, completed("o1", products, total=91, shipping=5), "/v1/track")
    send(server, completed("o2", products[:2], total=76, discount=9, shipping=5), "/v1/track")
    wait_until(lambda: server.post({"query": "from live.orders"}, path="/v1/sql")[1]["rows"])

    def report(path):
        return json.loads(server.get(f"/v1/reports/{path}")[1])["rows"]

    rows = report("orders?state=incomplete")
    assert [(row["order_id"], row["gross"], row["missing"]) for row in rows] == [("o1", "80.0000", "6.0000")]
    wait_until(lambda: report("order_refused?order=o1"))  # when it is committed
    refused = report("order_refused?order=o1")
    assert [(row["rule"], row["field"]) for row in refused] == [("bad_price", "price")]
    events = report("order_events?order=o1")
    assert [(row["product_id"], row["amount"]) for row in events] == [("a", "60.0000"), ("b", "20.0000")]
    server.stop()
    shop.run(*GOLD, "--close")
    found = orders(shop)
    assert (found["o1"]["refused_lines"], found["o1"]["complete"]) == (1, False)
    assert (found["o2"]["discount"], found["o2"]["net"], found["o2"]["complete"]) == ("9.0000", "71.0000", True)
    assert net(shop) == [151, 151]
    gold_oracle.check(shop.data)
    shop.verify()


def test_a_refund_weeks_later_and_a_cancellation_change_the_row_of_their_order(shop):
    fill(shop, bought(1, 0, order_discount=1), bought(2, 0, product_id="p2"), *passing(1))
    assert orders(shop)["o1"]["net"] == "19.0000"
    fill(shop, of_order(3, "refund", 25, price=4), *passing(26))
    assert (orders(shop)["o1"]["refunded"], orders(shop)["o1"]["day"]) == ("4.0000", "2024-06-01")
    fill(shop, of_order(4, "order_cancelled", 27), *passing(29))
    row = orders(shop)["o1"]
    assert (row["refunded"], row["net"], row["cancelled"], row["over_refunded"]) == ("19.0000", "0.0000", True, False)
    assert net(shop) == [0, 0]
    fill(shop, of_order(5, "refund", 60, price=5), *passing(61))
    row = orders(shop)["o1"]
    assert (row["refunded"], row["net"], row["over_refunded"]) == ("24.0000", "-5.0000", True)
    check(shop)


def test_a_refund_that_comes_before_its_order_belongs_to_it(shop):
    fill(shop, of_order(1, "refund", 5, price=3), *passing(7))
    assert (orders(shop)["o1"]["day"], orders(shop)["o1"]["lines"]) == ("2024-06-06", 0)
    fill(shop, bought(2, 2))
    row = orders(shop)["o1"]
    assert (row["day"], row["lines"], row["net"]) == ("2024-06-03", 1, "7.0000")
    check(shop)


def test_placeholders_are_no_orders(shop):
    names = ["undefined", "NULL", "0", "(not set)"]
    fill(shop, *(bought(n, 0) | {"order_id": name, "user_id": f"u{n}"} for n, name in enumerate(names)), *passing(2))
    assert orders(shop) == {}
    assert revenue(shop) == {"2024-06-01": (40, 4)}
    check(shop)


def test_an_order_over_an_hour_and_over_midnight_has_one_row(shop):
    hour = 1 / 24
    fill(shop, bought(1, 1 - 0.01 * hour), *passing(1 - 0.005 * hour))
    fill(shop, bought(2, 1 + 0.01 * hour, product_id="p2"), *passing(1 + 0.5 * hour))
    fill(shop, bought(3, 1 + 2 * hour, product_id="p2"), *passing(2))
    row = orders(shop)["o1"]
    assert (row["day"], row["lines"], row["repeats"]) == ("2024-06-01", 2, 1)
    check(shop)


def test_an_order_id_that_is_used_again_after_its_life_is_another_order(shop):
    shop.write(*lines([bought(1, 0), of_order(2, "refund", 9, price=1), bought(3, 20), *passing(30)]))
    shop.drain("--order-life", "10d")
    shop.run(*GOLD, "--close")
    rows = shop.json("sql", "select day, lines, net from gold.orders order by day")["rows"]
    assert [(row["day"], row["lines"], row["net"]) for row in rows] == [
        ("2024-06-01", 1, "9.0000"),
        ("2024-06-21", 0, "0.0000"),
    ]
    gold_oracle.check(shop.data, order_life="10 days")
    assert shop.json("gold", "reconcile")["differences"] == []
