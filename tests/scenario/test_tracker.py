"""The tracker in a shop's pages, in a real browser: what it sends, when, and when it must not."""
import gzip
import time

import pytest
from playwright.sync_api import expect

from tests.conftest import ROOT, wait_until
from tests.scenario.test_collect import port  # noqa: F401, a fixture
from tests.scenario.test_dashboard import address, chromium, open_page, run  # noqa: F401, fixtures


@pytest.fixture
def shop_page(open_page):
    """A page of a shop's own with the tracker in it, and what it has asked for."""

    def opened(server, attributes="", before="", clock=None):
        page = open_page(address(server, "healthz"))
        page.sent = []
        page.on("request", lambda request: page.sent.append(request) if "/v1/events" in request.url else None)
        page.route("**/own.html", lambda route: route.fulfill(
            content_type="text/html", body=f'<!doctype html><title>A shop</title><script src="/tracker.js" {attributes}></script>'))
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
    cookie, = page.context.cookies()
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
    page.context.route("**/v1/events*", lambda route: route.abort())
    page.evaluate("void (navigator.sendBeacon = () => false)")  # nor by its last word
    page.evaluate("millrace.track('kept')")
    page.wait_for_timeout(500)
    page.close()
    assert "kept" not in events(shop)
    page.context.unroute("**/v1/events*")
    following = page.context.new_page()
    following.goto(address(server, "shop/"))
    wait_until(lambda: "kept" in events(shop))


def test_a_page_that_goes_away_leaves_a_beacon(shop, run, shop_page):
    server = run("--no-simulator")
    page = shop_page(server)
    wait_until(lambda: "page_view" in events(shop))
    page.evaluate("void (window.fetch = () => new Promise(() => {}))")  # all else takes too long
    page.evaluate("millrace.track('parting')")
    page.goto("about:blank")
    wait_until(lambda: "parting" in events(shop))
