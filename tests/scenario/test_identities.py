"""Visitors who log in: one person, one session, one funnel, whichever id a message has."""

import json

import pytest

from tests.support import gold_oracle
from tests.support.events import event, lines
from tests.support.port import Port
from tests.support.shop import wait_until

GOLD = ["gold", "--available-now", "--close"]


def visit(number, time, user=None, device="d1", session="s1", day="2024-06-03", **fields):
    """An event of a device, with a user or without one."""
    return event(
        number,
        user_id=user or device,
        anonymous_id=device,
        session_id=session,
        timestamp=f"{day}T{time}Z",
        **fields,
    )


def identify(number, time, user, device="d1", kind="identify", **fields):
    made = visit(number, time, user, device, event_type=kind, **fields)
    del made["product_id"], made["price"]
    return made


def process(shop, events, end="2024-08-01"):
    """Processes the events and, with ones of a much later day, closes all of their windows."""
    shop.write(*lines([*events, *(event(n, event_id=f"{end}-{n}", timestamp=f"{end}T00:00:00Z") for n in range(20))]))
    shop.drain()
    shop.run(*GOLD)


def sessions(shop, columns="visitor_id, events, purchases, abandoned_cart, is_new"):
    rows = shop.json(
        "sql", f"select {columns} from gold.sessions where session_id is not null order by session_start, visitor_id"
    )
    return [tuple(row.values()) for row in rows["rows"]]


def test_a_login_divides_neither_session_nor_funnel(shop):
    process(
        shop,
        [
            visit(1, "10:00:00", page_url="https://shop.example/?utm_source=june&utm_medium=email"),
            visit(2, "10:01:00", event_type="add_to_cart"),
            identify(3, "10:02:00", "ann"),
            visit(4, "10:03:00", "ann", event_type="purchase", order_id="o1"),
            visit(5, "10:04:00"),  # logged out
        ],
    )
    assert sessions(shop) == [("ann", 4, 1, False, True)]
    funnel = shop.json("sql", "select sessions_purchased from gold.funnel where grain = 'day' and day = '2024-06-03'")
    assert funnel["rows"] == [{"sessions_purchased": 1}]
    users = shop.json("sql", "select visitor_id, user_id, events from gold.users where day = '2024-06-03'")["rows"]
    assert users == [{"visitor_id": "ann", "user_id": "ann", "events": 4}]
    orders = shop.json("sql", "select visitor_id from gold.orders")["rows"]
    assert orders == [{"visitor_id": "ann"}]
    assert shop.count("silver") == 5 + 20, "the identify message is a row of Silver"
    gold_oracle.check(shop.data)
    shop.verify()
    server = Port(shop)
    came = [json.loads(server.get(f"/v1/reports/{report}")[1])["rows"] for report in ("orders", "order?order=o1")]
    assert [[row["channel"] for row in rows] for rows in came] == [["mail"], ["mail"]]
    steps = json.loads(server.get("/v1/reports/journey?user=ann")[1])["rows"]
    assert len(steps) == 5, "the journey has what came before the login"
    server.stop()


def test_a_login_names_the_visitor_of_the_thirty_days_before(shop):
    process(shop, [visit(1, "10:00:00", day="2024-05-04"), visit(2, "10:00:00", day="2024-05-05")], "2024-06-02")
    assert sessions(shop) == [("d1", 1, 0, False, True), ("d1", 1, 0, False, False)]
    process(shop, [visit(3, "11:00:00", "ann", session="s2"), visit(4, "12:00:00", "bob", session="s3")])
    assert sessions(shop)[:2] == [("d1", 1, 0, False, True), ("ann", 1, 0, False, False)]
    assert sessions(shop)[2:] == [("ann", 1, 0, False, False), ("bob", 1, 0, False, False)]
    gold_oracle.check(shop.data)
    shop.verify()


def test_a_second_user_of_a_device_changes_nothing_earlier(shop):
    process(
        shop,
        [
            visit(1, "10:00:00", session="s1"),
            visit(2, "10:01:00", "ann", session="s1"),
            visit(3, "11:00:00", session="s2"),
            visit(4, "12:00:00", "bob", session="s3"),
            visit(5, "13:00:00", session="s4"),
        ],
    )
    assert sessions(shop, "visitor_id, session_id") == [("ann", "s1"), ("ann", "s2"), ("bob", "s3"), ("bob", "s4")]
    gold_oracle.check(shop.data)


def test_a_correction_recomputes_the_days_and_can_be_taken_back(shop):
    process(shop, [visit(1, "10:00:00"), visit(2, "10:01:00", "ann")], "2024-06-20")
    assert sessions(shop, "visitor_id") == [("ann",)]
    listed = shop.json("identities", "list", "--user", "ann")["rows"]
    assert [(row["anonymous_id"], row["events"], row["linked"]) for row in listed] == [("d1", 1, True)]
    silver = shop.count("silver")

    told = shop.json("identities", "unlink", "d1", "ann")
    assert told["at"].startswith("2024-06-20") and told["batch"] == ""
    process(shop, [], "2024-06-21")
    assert sessions(shop, "visitor_id") == [("d1",), ("ann",)]
    assert shop.count("silver") == silver + 21, "rows stay, and the correction is one more"
    listed = shop.json("identities", "list", "--id", "d1")["rows"]
    assert [(row["user_id"], row["linked"]) for row in listed] == [("ann", False)]
    gold_oracle.check(shop.data)

    shop.run("identities", "link", "d1", "bob", "--at", "2024-06-03T10:00:30Z")
    process(shop, [], "2024-06-22")
    assert sessions(shop, "visitor_id") == [("bob",), ("ann",)]
    gold_oracle.check(shop.data)
    shop.verify()


def test_an_old_link_is_corrected_by_the_batch_layer(shop):
    process(shop, [visit(1, "10:00:00"), visit(2, "10:01:00", "ann")], "2024-12-01")
    told = shop.json("identities", "unlink", "d1", "ann")
    process(shop, [], "2024-12-03")
    assert told["batch"] == "millrace gold --batch --from 2024-05-04 --to 2024-07-03"
    shop.run(*told["batch"].split()[1:])
    assert sessions(shop, "visitor_id") == [("d1",), ("ann",)]
    gold_oracle.check(shop.data)


def test_a_correction_needs_two_ids(shop):
    process(shop, [visit(1, "10:00:00")])
    shop.run("identities", "unlink", "ann", "ann", code=2)
    assert "same text" in shop.stderr
    shop.run("identities", "link", "ann", code=2)
    assert "USER" in shop.stderr


@pytest.mark.parametrize("call", ["identify", "alias"])
def test_segments_calls_link_a_live_visit_at_once(shop, call):
    server = Port(shop, "--no-simulator", command="run")
    wait_until(lambda: server.get("/readyz")[0] == 200)
    live = "select visitor_id, user_id, events from live.sessions"

    def sql(query):
        return server.post({"query": query}, path="/v1/sql")[1]["rows"]

    def view(number, **ids):
        message = {
            "type": "track",
            "event": "Product Viewed",
            "messageId": f"m{number}",
            "context": {"sessionId": "s1"},
        }
        assert server.post({**message, "properties": {"product_id": "p"}, **ids}, path="/v1/track")[0] == 200

    view(1, anonymousId="a1")
    wait_until(lambda: sql(live) == [{"visitor_id": "a1", "user_id": "a1", "events": 1}])
    ids = {"anonymousId": "a1"} if call == "identify" else {"previousId": "a1"}
    message = {"type": call, "userId": "ann", "messageId": "m2", "context": {"sessionId": "s1"}, **ids}
    assert server.post({**message, "traits": {"email": "ann@shop.example"}}, path=f"/v1/{call}")[0] == 200
    view(3, userId="ann")
    wait_until(lambda: sql(live) == [{"visitor_id": "ann", "user_id": "ann", "events": 2}])
    rows = sql("select event_type, user_id, anonymous_id, properties from live.silver where event_id = 'm2'")
    assert rows == [{"event_type": call, "user_id": "ann", "anonymous_id": "a1", "properties": None}]
    server.stop()
    shop.verify()
