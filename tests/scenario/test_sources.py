"""Where sessions came from, as real senders say it."""

from tests.support import gold_oracle
from tests.support.events import event, lines
from tests.support.port import Port
from tests.support.shop import wait_until

GOLD = ["gold", "--available-now", "--close"]


def at(number, user, time, **fields):
    return event(number, user_id=user, session_id=f"s-{user}", timestamp=f"2024-06-01T{time}Z", **fields)


def sources(shop):
    """(channel, source, campaign, landing page) and the figures of the day."""
    rows = shop.json("sql", "from gold.sources where grain = 'day' order by channel, source, landing_page")["rows"]
    names = ("channel", "source", "campaign", "landing_page", "visitors", "sessions", "converted", "orders", "revenue")
    return [tuple(row[name] for name in names) for row in rows]


def test_a_session_comes_from_what_its_first_page_says(shop):
    search, page = "https://www.google.com/", "https://www.shop.example/p1?id=1"
    mail = "https://shop.example/sale?utm_source=june&utm_medium=email&utm_campaign=sale"
    bought = {"event_type": "purchase", "order_id": "o1"}
    shop.write(
        *lines(
            [
                at(1, "u1", "10:00:00", page_url=page, referrer=search),
                at(2, "u1", "10:01:00", page_url="https://shop.example/cart", referrer=page),
                at(3, "u1", "10:02:00", page_url="https://shop.example/pay", referrer="https://pay.example/", **bought),
                at(4, "u1", "10:02:01", product_id="p2", **bought),
                at(5, "u2", "10:00:00", page_url=mail, referrer="https://news.example/"),
                at(6, "u3", "10:00:00", page_url="https://shop.example/p1?gclid=x", referrer=search),
                at(7, "u4", "10:00:00", page_url="https://shop.example/"),
                at(8, "u5", "10:00:00", event_type="purchase"),
                at(9, "u5", "23:00:00", page_url="https://shop.example/p1", referrer="https://blog.example/post?x"),
            ]
        )
    )
    shop.drain()
    shop.run(*GOLD)
    assert sources(shop) == [
        ("direct", None, None, "/", 1, 1, 0, 0, "0.0000"),
        ("mail", "june", "sale", "/sale", 1, 1, 0, 0, "0.0000"),
        ("paid", "google.com", None, "/p1", 1, 1, 0, 0, "0.0000"),
        ("referral", "blog.example", None, "/p1", 1, 1, 0, 0, "0.0000"),
        ("search", "google.com", None, "/p1", 1, 1, 1, 1, "19.0000"),
        (None, None, None, None, 1, 1, 1, 1, "9.5000"),
    ]
    gold_oracle.check(shop.data)
    shop.verify()


def test_segments_context_says_where_a_visit_came_from(shop):
    server = Port(shop, "--no-simulator", command="run")
    wait_until(lambda: server.get("/readyz")[0] == 200)
    message = {
        "type": "page",
        "anonymousId": "a1",
        "context": {
            "page": {"url": "https://shop.example/p1", "referrer": "https://l.facebook.com/l.php?u=x"},
            "campaign": {"name": "june", "source": "facebook", "medium": "paid-social"},
        },
    }
    assert server.post(message, path="/v1/page")[0] == 200
    query = {"query": "select channel, source, campaign, landing_page, sessions from live.sources where grain = 'hour'"}
    wait_until(lambda: server.post(query, path="/v1/sql")[1]["rows"])
    row = {"channel": "paid", "source": "facebook", "campaign": "june", "landing_page": "/p1", "sessions": 1}
    assert server.post(query, path="/v1/sql")[1]["rows"] == [row]
    server.stop()


def test_a_late_first_page_changes_where_its_session_came_from(shop):
    shop.write(*lines([at(1, "u1", "10:05:00", page_url="/p1", referrer="https://bing.com/")]))
    shop.write(*lines([at(n, f"u{n}", "23:00:00") for n in range(10, 30)]))
    shop.drain()
    shop.run(*GOLD[:2])
    shop.write(*lines([at(2, "u1", "10:00:00", page_url="/p2", referrer="https://blog.example/")]))
    later = [event(n, user_id=f"u{n}", timestamp="2024-06-05T10:00:00Z") for n in range(30, 50)]
    shop.write(*lines(later))
    shop.drain()
    shop.run(*GOLD)
    assert [row[:4] for row in sources(shop) if row[0]] == [("referral", "blog.example", None, "/p2")]
    gold_oracle.check(shop.data)
    assert shop.json("gold", "reconcile")["differences"] == []
