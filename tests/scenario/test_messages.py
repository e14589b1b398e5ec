"""What real shops send, and the right rows for it. The log keeps each message as it was sent."""

import json

import pytest

from tests.support import delta, oracle
from tests.support.events import event
from tests.support.kafka import KafkaShop
from tests.support.shop import Millrace


@pytest.fixture(params=["embedded", "kafka"])
def shop(request, tmp_path, kafka):
    """A shop on the embedded log, and one on Kafka: the same messages give the same rows."""
    if request.param == "embedded":
        return Millrace(tmp_path / "data")
    on_kafka = KafkaShop(tmp_path / "data", kafka)
    on_kafka.run("topic", "create")
    return on_kafka


def rows(shop, columns="*", where="true"):
    return shop.json("sql", f'select {columns} from silver where {where} order by "partition", "offset", record_index')[
        "rows"
    ]


def sent(shop, server, body, path, **headers):
    """Silver's rows of one request, which is answered with success."""
    status, answer, _ = server.post(body, path=path, **headers)
    assert status in (200, 202, 204), answer
    server.stop()
    shop.drain()
    shop.verify()
    return rows(shop)


def track(name, properties, **fields):
    return {"type": "track", "userId": "u1", "messageId": "m1", "event": name, "properties": properties, **fields}


def test_a_broken_message_sinks_none_of_its_neighbours_and_stays_as_it_was_sent(shop, port):
    good = json.dumps(event(1)).encode()
    broken = [
        b'{"user_id":"u","price":NaN}',
        b'{"user_id":"u","x":"\\ud800"}',
        b'{"user_id":"u","x":"\xff\xfe"}',
    ]
    server = port()
    status, answer, _ = server.post(b"[" + b" , ".join([good, *broken]) + b"]")
    assert status == 202 and [each["index"] for each in answer["invalid"]] == [1, 2, 3]
    server.stop()
    shop.drain()
    assert shop.count("silver") == 1
    assert shop.count("quarantine", "rule") == {"bad_json": 2, "not_utf8": 1}
    assert sorted(shop.values()) == sorted([good, *broken])
    shop.verify()


def test_each_message_of_a_batch_is_a_record_and_what_holds_for_all_is_kept(shop, port):
    server = port()
    page = {"type": "page", "anonymousId": "a1", "userId": "", "properties": {"url": "https://s.example/?utm_source=x"}}
    call = {"type": "group", "userId": "u1", "groupId": "g"}
    body = {"batch": [page, call], "sentAt": "2026-01-01T00:00:00Z", "context": {"locale": "de"}, "writeKey": "k"}
    (row,) = sent(shop, server, body, "/v1/batch")
    assert (row["user_id"], row["anonymous_id"], row["utm_source"]) == ("a1", "a1", "x")
    records = [json.loads(line) for line in shop.run("topic", "read", "--json").splitlines()]
    assert sorted((json.loads(record["value"]) for record in records), key=str) == sorted([page, call], key=str)
    for record in records:
        headers = {header["key"]: header["value"] for header in record["headers"]}
        assert headers["millrace-path"] == "/v1/batch"
        assert json.loads(headers["millrace-shared"])["context"] == {"locale": "de"}
        assert "writeKey" not in headers["millrace-shared"]


def test_a_total_is_exact_and_counts(shop, port):
    line = {"product_id": "p1", "quantity": 3, "total": 10.0}
    properties = {"order_id": "o1", "currency": "EUR", "products": [line]}
    (row,) = sent(shop, port(), track("Order Completed", properties), "/v1/track")
    assert (row["line_total"], row["quantity"]) == ("10.0000", 3) or float(row["line_total"]) == 10
    shop.run("gold", "--available-now", "--close")
    (totals,) = shop.json("sql", "select sum(gross_revenue) revenue from gold.kpis where grain = 'day'")["rows"]
    assert float(totals["revenue"]) == 10


@pytest.mark.parametrize("name", ["order_completed", "Completed Order", "ORDER COMPLETED", "orderCompleted"])
def test_the_names_of_segment_s_events_match_in_any_writing(shop, port, name):
    properties = {
        "orderId": "o1",
        "products": {"0": {"id": "p1", "price": "€ 5,00"}, "1": {"productId": 42.0, "price": 7}},
    }
    found = sent(shop, port(), track(name, properties), "/v1/track")
    assert [(row["event_type"], row["order_id"], row["product_id"], row["price"]) for row in found] == [
        ("purchase", "o1", "p1", 5.0),
        ("purchase", "o1", "42", 7.0),
    ]


def test_ga4_s_value_is_of_the_whole_order_and_a_placeholder_is_no_id(shop, port):
    server = port()
    app = {
        "app_instance_id": "i1",
        "events": [
            {"name": "purchase", "params": {"transaction_id": "(not set)", "currency": "EUR", "value": 30}},
            {
                "name": "purchase",
                "params": {
                    "transaction_id": "T1",
                    "currency": "EUR",
                    "value": 30,
                    "items": [{"item_id": "p1", "quantity": 3, "price": 10}],
                },
            },
        ],
    }
    found = sent(shop, server, app, "/mp/collect")
    assert [(row["order_id"], float(row["price"]), row["quantity"]) for row in found] == [(None, 30, 1), ("T1", 10, 3)]
    assert {row["user_id"] for row in found} == {"i1"}
    shop.run("gold", "--available-now", "--close")
    products = shop.json("sql", "select distinct product_id from gold.product_metrics")["rows"]
    assert products == [{"product_id": "p1"}], "an order without items is no product"
    (day,) = shop.json("sql", "select gross_revenue from gold.kpis where grain = 'day'")["rows"]
    assert float(day["gross_revenue"]) == 60


def test_event_types_in_any_script_are_read_by_others(shop, port):
    names = ["购买 完成", "Заказ", "cafe\u0301"]
    server = port()
    server.post([track(name, {}, messageId=name) for name in names], path="/v1/track")
    server.stop()
    shop.drain()
    types = {"购买_完成", "Заказ".lower(), "caf\u00e9"}
    assert {name.lower() for name in shop.count("silver", "event_type")} == types
    _, read = oracle.silver(shop.data, ["event_type"])
    assert {name.lower() for name in read.column("event_type").to_pylist()} == types
    assert {name.lower() for (name,) in oracle.silver_sql(shop.data, "select event_type from {silver}")} == types
    shop.verify()


def test_a_replay_gives_events_without_ids_the_same_ids(shop, port):
    server = port()
    anonymous = {"user_id": "u1", "event_type": "page_view"}
    server.post([anonymous, anonymous])
    server.post(anonymous, Idempotency_Key="again")
    server.post(anonymous, Idempotency_Key="again")
    server.stop()
    shop.drain()
    before = sorted(row["event_id"] for row in rows(shop, "event_id"))
    assert len(before) == 3 == len(set(before))
    shop.run("replay")
    assert sorted(row["event_id"] for row in rows(shop, "event_id")) == before
    shop.verify()


def test_an_odd_optional_field_is_kept_and_refuses_nothing(shop, port):
    odd = event(
        1, session_id={"id": 5}, referrer=False, colour="red", quantity=1.5, product_name="Coat", price="$1,299.00"
    )
    (row,) = sent(shop, port(), odd, "/v1/events")
    assert json.loads(row["properties"]) == {"session_id": {"id": 5}, "referrer": False, "colour": "red"}
    assert (row["price"], row["product_name"], row["quantity"]) == (1299.0, "Coat", None)
    assert float(row["quantity_exact"]) == 1.5


def test_a_browser_sends_gtag_hits_directly(shop, port):
    server = port()
    status, _, _ = server.post(
        b"en=page_view\r\nen=view_item&pr1=idp1~nmCoat~pr5",
        path="/g/collect?v=2&tid=G-1&cid=1.2&dl=https%3A%2F%2Fshop.example%2F&cu=EUR",
        Content_Type="text/plain",
    )
    assert status == 204
    server.stop()
    shop.drain()
    assert shop.count("silver", "event_type") == {"page_view": 1, "view": 1}
    assert {row["user_id"] for row in rows(shop)} == {"1.2"}


def test_ga4_s_validation_server_stores_nothing(shop, port):
    server = port()
    hit = {"events": [{"name": "1st", "params": {}}]}
    status, answer, _ = server.post(hit, path="/debug/mp/collect")
    assert status == 200
    assert {each["validationCode"] for each in answer["validationMessages"]} >= {"VALUE_REQUIRED", "NAME_INVALID"}
    server.stop()
    assert shop.values() == []


def test_framings_of_other_programs_are_named(shop):
    shop.write("k|" + json.dumps({"schema": {"type": "string"}, "payload": event(1)}))
    shop.drain()
    assert shop.count("quarantine", "rule") == {"connect_envelope": 1}
    (row,) = shop.json("quarantine", "list")["rows"]
    assert "schemas.enable=false" in row["message"]


def test_silver_s_positions_are_unique(shop, port):
    products = [{"product_id": f"p{n}", "price": 1} for n in range(20)]
    found = sent(shop, port(), track("Order Completed", {"order_id": "o", "products": products}), "/v1/track")
    assert [row["record_index"] for row in found] == list(range(20))
    assert delta.open_table(shop.data / "silver").version() >= 0


def test_the_format_of_a_topic_is_a_setting_and_a_replay_changes_it(shop):
    rows_of_rees46 = ["2019-10-01 00:00:00 UTC,view,1,2,electronics.phone,acme,35.79,u1,s1"]
    rows_of_rees46 += ["2019-10-01 00:00:05,remove_from_cart,1,2,,,35.79,u1,s1", "2019-10-01 00:00:09,view,,,,,x,u1,s1"]
    shop.write(*[f"u1|{row}" for row in rows_of_rees46])
    shop.drain()
    assert shop.count("quarantine") == 3
    shop.run("silver", "--available-now", "--message-format", "rees46", code=2)
    assert "--message-format is auto, not rees46" in shop.stderr and "millrace replay" in shop.stderr
    shop.run("replay", "--message-format", "rees46")
    found = rows(shop, "event_type, brand, price, product_category, format")
    assert [(row["event_type"], row["brand"], row["price"]) for row in found] == [
        ("view", "acme", 35.79),
        ("remove_from_cart", None, 35.79),
    ]
    assert shop.count("quarantine", "rule") == {"bad_price": 1}
    shop.verify()
    shop.write("u1|" + rows_of_rees46[0].replace("view", "cart"))
    shop.drain()
    assert shop.count("silver", "event_type")["add_to_cart"] == 1
