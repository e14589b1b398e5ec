"""The tracker in the pages of a shop, in a browser: what it sends and when, and when it must not send."""

import gzip
import json
import re
import time

import pytest

from tests.support.browser import address
from tests.support.paths import ROOT
from tests.support.shop import wait_until


@pytest.fixture
def shop_page(open_page):
    """Opens a page with the tracker. `sent` collects its requests."""

    def opened(server, attributes="", before="", clock=None):
        page = open_page(address(server, "healthz"))
        page.sent = []
        page.on("request", lambda request: page.sent.append(request) if "/v1/events" in request.url else None)
        page.route(
            "**/own.html",
            lambda route: route.fulfill(
                content_type="text/html",
                body=f'<!doctype html><title>A shop</title><script src="/tracker.js" {attributes}></script>',
            ),
        )
        page.add_init_script(before)
        if clock:
            page.clock.install(time=clock)
        page.goto(address(server, "own.html"))
        return page

    return opened


def events(shop):
    return {row["event_type"]: row for row in shop.json("show", "silver", "--limit", "1000")["rows"]}


def test_it_is_small():
    assert len(gzip.compress((ROOT / "build" / "web" / "tracker.js").read_bytes())) < 3000


def snippet(server):
    """The HTML that docs/tracker.md shows for a page's head, for this server."""
    html = re.search("```html\n(.*?)```", (ROOT / "docs" / "tracker.md").read_text(), re.DOTALL)[1]
    return html.replace("https://collector.example", f"http://127.0.0.1:{server.port}").replace(
        ' data-key="WRITE_KEY"', ""
    )


def test_calls_before_the_script_has_loaded_are_sent_in_order(shop, run, open_page):
    server = run("--no-simulator")
    page = open_page(address(server, "healthz"))
    sent, loading = [], []
    page.on(
        "request", lambda request: sent.extend(json.loads(request.post_data)) if "/v1/events" in request.url else None
    )
    page.route("**/tracker.js", lambda route: loading.append(route))  # holds the request back
    calls = """<script>
        millrace.identify("customer-42");
        const { view } = millrace;  // put aside, as a framework may
        view({ product_id: "p1", price: 9.5 });
        millrace.addToCart({ product_id: "p1", price: 9.5, quantity: 2 });
        millrace.purchase("order-17", [{ product_id: "p1", price: 9.5, quantity: 2 }, { product_id: "p1", price: 9 }],
                          { total: 30.9, discount: 2, shipping: 4.9, tax: 5 });
    </script>"""
    page.route(
        "**/own.html",
        lambda route: route.fulfill(
            content_type="text/html", body=f"<!doctype html><title>A shop</title>{snippet(server)}{calls}"
        ),
    )
    page.goto(address(server, "own.html"), wait_until="domcontentloaded")
    while not loading:
        page.wait_for_timeout(20)
    assert page.evaluate("millrace.calls.length") == 4 and sent == []
    loading[0].continue_()
    page.wait_for_function("millrace.calls.length === undefined")  # the script has loaded and runs
    page.evaluate("view({ product_id: 'p2', price: 1 })")
    page.evaluate("millrace.track('later')")
    wait_until(lambda: "later" in events(shop))
    page.wait_for_timeout(50)
    purchases = [each for each in sent if each["event_type"] == "purchase"]
    assert [each["line_number"] for each in purchases] == [1, 2]
    assert [each["event_type"] for each in sent if each not in purchases] == [
        "identify",
        "page_view",
        "view",
        "add_to_cart",
        "view",
        "later",
    ]
    amounts = "order_total, order_discount, order_shipping, order_tax"
    rows = shop.json("sql", f"select line_number, {amounts} from silver where order_id = 'order-17' order by 1")["rows"]
    assert [[float(each) for each in row.values()] for row in rows] == [[1, 30.9, 2, 4.9, 5], [2, 30.9, 2, 4.9, 5]]
    assert {each["user_id"] for each in sent} == {"customer-42"} and events(shop)["purchase"]["order_id"] == "order-17"
    assert not [each for each in page.complaints if "millrace" in each]


def test_silver_has_both_ids_after_a_login_and_one_identify_per_login(shop, run, shop_page):
    server = run("--no-simulator")
    page = shop_page(server)
    page.evaluate("millrace.identify('customer-42')")
    page.evaluate("millrace.view({ product_id: 'p1', price: 9.5 })")
    page.reload()
    page.evaluate("millrace.identify('customer-42')")
    page.evaluate("millrace.reset()")
    page.evaluate("millrace.track('logged_out')")
    page.evaluate("millrace.identify('customer-43')")
    page.evaluate("millrace.track('last')")
    wait_until(lambda: shop.count("silver") == 7)
    rows = shop.json("show", "silver", "--limit", "1000")["rows"]
    ids = sorted((row["event_type"], row["user_id"], row["anonymous_id"]) for row in rows)
    (first,) = {anonymous for kind, _, anonymous in ids if kind == "page_view"}
    (second,) = {anonymous for kind, _, anonymous in ids if kind == "logged_out"}
    assert first != second
    assert ids == sorted(
        [
            ("page_view", first, first),
            ("identify", "customer-42", first),
            ("view", "customer-42", first),
            ("page_view", "customer-42", first),
            ("logged_out", second, second),
            ("identify", "customer-43", second),
            ("last", "customer-43", second),
        ]
    )
    assert shop.count("quarantine") == 0


def test_the_snippet_alone_harms_nothing_where_the_script_never_comes(run, open_page):
    server = run("--no-simulator")
    page = open_page(address(server, "healthz"))
    page.route("**/tracker.js", lambda route: route.abort())
    page.route(
        "**/own.html",
        lambda route: route.fulfill(
            content_type="text/html", body=f"<!doctype html><title>A shop</title>{snippet(server)}"
        ),
    )
    page.goto(address(server, "own.html"))
    page.evaluate("millrace.view({ product_id: 'p1', price: 9.5 })")
    assert not [each for each in page.complaints if "millrace" in each]


def test_wrong_calls_are_told_on_the_console_and_thrown_nowhere(shop, run, shop_page):
    server = run("--no-simulator")
    page = shop_page(server)
    page.evaluate("""() => {
        const round = {};
        round.round = round;
        millrace.view();
        millrace.addToCart("p1");
        millrace.purchase({ product_id: "p1", price: 9.5 });
        millrace.refund("order-17");
        millrace.track();
        millrace.track("circular", round);
        millrace.identify();
        millrace.purchase("order-18", { product_id: "p1", price: 9.5 });
    }""")
    wait_until(lambda: "purchase" in events(shop))
    assert (
        events(shop)["purchase"]["order_id"] == "order-18"
        and shop.count("silver") == 2
        and shop.count("quarantine") == 0
    )
    for call in ("view", "addToCart", "purchase", "refund", "identify"):
        assert any(f"millrace.{call}: The call needs" in each for each in page.complaints), (call, page.complaints)
    assert sum("millrace.track:" in each for each in page.complaints) == 2, page.complaints


def told(page):
    """Collects the console's messages."""
    said = []
    page.on("console", lambda message: said.append(message.text))
    return said


def wait_for_text(page, said, text):
    until = time.monotonic() + 20
    while not any(text in each for each in said):
        assert time.monotonic() < until, said
        page.wait_for_timeout(50)


def test_a_page_that_is_debugged_is_told_what_the_server_finds_wrong(run, shop_page):
    server = run("--no-simulator")
    page = shop_page(server, "data-debug")
    said = told(page)
    page.evaluate("millrace.purchase('order-17', { product_id: 'p1', price: -1 })")
    wait_for_text(page, said, "price")
    page.route(
        "**/v1/events*",
        lambda route: route.fulfill(
            status=202,
            json={"accepted": 1, "invalid": [], "flawed": [], "unknown_fields": ["productId"], "nothing": []},
        ),
    )
    page.evaluate("millrace.track('viewed', { productId: 'p1' })")
    wait_for_text(page, said, "unknown_fields")
    page.evaluate("millrace.consent(false)")
    page.evaluate("millrace.track('unwanted')")
    wait_for_text(page, said, "unwanted is not sent")
    assert not any("nothing" in each for each in said)


def test_a_page_that_is_debugged_is_told_that_its_key_is_wrong(run, shop_page):
    server = run("--no-simulator", "--write-key", "web=0123456789abcdef")
    page = shop_page(server, "data-debug data-key=fedcba9876543210")
    wait_for_text(page, told(page), "refuses these events (401)")


def test_a_page_that_is_not_debugged_is_told_nothing(shop, run, shop_page):
    server = run("--no-simulator")
    page = shop_page(server)
    said = told(page)
    page.evaluate("millrace.purchase('order-17', { product_id: 'p1', price: -1 })")
    wait_until(lambda: shop.count("quarantine") == 1)
    page.wait_for_timeout(100)
    assert not any("millrace" in each for each in said)


def test_half_an_hour_without_an_event_ends_a_session(shop, run, shop_page):
    server = run("--no-simulator")
    page = shop_page(server, clock=time.time() - 7200)
    page.clock.fast_forward("29:00")
    page.evaluate("millrace.track('within')")
    page.clock.fast_forward("31:00")
    page.evaluate("millrace.track('after')")
    page.clock.fast_forward("00:05")
    wait_until(lambda: "after" in events(shop))
    found = events(shop)
    assert found["page_view"]["session_id"] == found["within"]["session_id"] != found["after"]["session_id"]
    assert found["within"]["user_id"] == found["after"]["user_id"]


@pytest.mark.parametrize("signal", ["doNotTrack", "globalPrivacyControl"])
def test_a_browser_that_wants_no_tracking_is_not_tracked(shop, run, shop_page, signal):
    server = run("--no-simulator")
    value = {"doNotTrack": "'1'", "globalPrivacyControl": "true"}[signal]
    refuse = f"Object.defineProperty(navigator, '{signal}', {{ get: () => {value} }})"
    page = shop_page(server, before=refuse)
    page.evaluate("millrace.track('unwanted')")
    page.wait_for_timeout(500)
    assert page.sent == [] and page.evaluate("localStorage.length") == 0
    shop_page(server, "data-dnt=ignore", before=refuse)
    wait_until(lambda: "page_view" in events(shop))
    assert "unwanted" not in events(shop)


def test_where_consent_is_required_nothing_is_sent_or_kept_before_it(shop, run, shop_page):
    server = run("--no-simulator")
    page = shop_page(server, "data-consent=required")
    page.evaluate("millrace.track('unwanted')")
    page.wait_for_timeout(500)
    assert page.sent == [] and page.evaluate("localStorage.length") == 0
    page.evaluate("millrace.consent(true)")
    wait_until(lambda: "page_view" in events(shop))
    assert "unwanted" not in events(shop)


def test_a_cookie_is_set_only_where_the_shop_asks_for_one(shop, run, shop_page):
    server = run("--no-simulator")
    assert shop_page(server).context.cookies() == []
    page = shop_page(server, "data-cookie")
    (cookie,) = page.context.cookies()
    assert cookie["name"] == "millrace_user" and cookie["sameSite"] == "Lax"
    page.evaluate("millrace.track('known')")
    wait_until(lambda: "known" in events(shop))
    assert events(shop)["known"]["user_id"] == cookie["value"]
    page.evaluate("millrace.consent(false)")
    assert page.context.cookies() == []


def test_what_a_page_could_not_send_the_next_one_sends(shop, run, shop_page):
    server = run("--no-simulator")
    page = shop_page(server)
    wait_until(lambda: "page_view" in events(shop))
    # The page itself refuses its requests: one that the browser holds back is let go when the page closes.
    page.evaluate("void (window.fetch = () => Promise.reject(new TypeError('no network')))")
    page.evaluate("void (navigator.sendBeacon = () => false)")
    page.evaluate("millrace.track('kept')")
    page.wait_for_timeout(500)
    page.close()
    assert "kept" not in events(shop)
    following = page.context.new_page()
    following.goto(address(server, "shop/"))
    wait_until(lambda: "kept" in events(shop))


def test_a_page_that_goes_away_leaves_a_beacon(shop, run, shop_page):
    server = run("--no-simulator")
    page = shop_page(server)
    wait_until(lambda: "page_view" in events(shop))
    page.evaluate("void (window.fetch = () => new Promise(() => {}))")  # no other request ever ends
    page.evaluate("millrace.track('parting')")
    page.goto("about:blank")
    wait_until(lambda: "parting" in events(shop))
