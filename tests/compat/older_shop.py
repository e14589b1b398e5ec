"""A shop that uses every feature, made by one version of the program. Each later version must read the same from it.

`python -m tests.compat.older_shop PROGRAM NAME` makes tests/fixtures/shops/NAME.tar.xz and NAME.json, which has that
program's answers.
"""

import base64
import datetime
import hashlib
import json
import pathlib
import re
import sys
import tarfile
import tempfile
import urllib.request

from tests.support import delta
from tests.support.events import event, line, lines
from tests.support.paths import FIXTURES
from tests.support.random_shop import RandomShop
from tests.support.shop import Millrace, stop, wait_until

SHOPS = FIXTURES / "shops"
PASSWORD = "correct horse battery staple"
KEY = "0123456789abcdef0123"
TOPIC = ["--partitions", "3", "--segment-bytes", "30000", "--compression", "lz4"]
SETTINGS = [
    "--time-zone",
    "Europe/Berlin",
    "--currency",
    "CHF",
    "--earliest",
    "2010-01-01T00:00:00Z",
    "--max-event-types",
    "5",
    "--lateness",
    "5m",
    "--session-gap",
    "2h",
    "--interest-views",
    "50",
    "--interest-conversion",
    "10%",
]
# The clocks in Berlin go back at 01:00 UTC of that day. Event times and log times are these.
CLOCK_CHANGE = [
    "--seed",
    "7",
    "--rate",
    "max",
    "--count",
    "550",
    "--span",
    "11m",
    "--start-time",
    "2019-10-27T00:50:00Z",
    "--duplicates",
    "1%",
    "--invalid",
    "2%",
]
BATCH_DAYS = [
    ("2019-10-27", "2019-10-27"),
    ("2024-03-29", "2024-04-03"),
]  # the days with late events; the clocks change within RandomShop's days, too
ALERT_RULES = (
    "[alerts.quarantine_rate]\nleast = 10\n[alerts.high_interest]\nleast = 50\nthreshold = 0.1\nresolved = 0.11\n"
)
METRICS = (
    "product_metrics",
    "category_metrics",
    "device_metrics",
    "kpis",
    "funnel",
    "sessions",
    "users",
    "high_interest",
)
AGENTS = [
    "curl/8.5.0",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0",
]


def named(name, events):
    """The events with the name before their ids."""
    return [made | {"event_id": f"{name}-{made['event_id']}"} for made in events]


def named_value(value):
    """A value as a name. The first versions of `count` wrote true and false as strings."""
    return str(value).lower() if isinstance(value, bool) else value


def hand_written():
    """Records that the simulator does not make: an invalid one for each rule, and valid ones of every kind."""

    def at(number, **fields):
        return event(number, **{"timestamp": f"2024-03-31T0{number % 4}:{number % 60:02}:00+02:00", **fields})

    good = [
        at(
            100 + n,
            event_type=kind,
            currency=currency,
            user_agent=AGENTS[n % 3],
            order_id=f"o{n // 2}",
            quantity=1 + n % 3,
        )
        for n, (kind, currency) in enumerate(
            (kind, currency)
            for kind in ("view", "add_to_cart", "purchase", "refund")
            for currency in ("CHF", "EUR", "USD", "JPY")
        )
    ]
    good += [
        at(210, user_id="Zoë", product_category="Bücher/☕", page_url='https://shop.example/%7Ezoë?q="1"'),
        at(211, session_id="", referrer=""),
    ]
    # Five types besides the known ones, then two that are too many. All are in one partition, so that the same five
    # pass whichever partition is read first.
    others = [
        at(200 + n, event_type=kind, product_id=None, price=None)
        for n, kind in enumerate(("page_view", "search", "newsletter", "a..b", "other", "too_many", "far_too_many"))
    ]
    text = json.dumps(at(300))
    broken = [
        "k|",
        "k|\ufeff" + text,
        "k|" + text.replace("p1", "\udcff"),
        "k|no json",
        f"k|{text[:-9]}",
        f"k|[{text}]",
        "k|" + text[:-1] + ',"x":' + "[" * 100 + "]" * 100 + "}",
        "k|" + text[:-1] + ',"price":1}',
    ]
    fields = [
        {"user_id": None},
        {"price": "9"},
        {"event_id": ""},
        {"page_url": "x" * 70_000},
        {"page_url": "a\0b"},
        {"event_type": "../../etc"},
        {"timestamp": "2024-03-31"},
        {"timestamp": "1999-12-31T23:59:59Z"},
        {"timestamp": "2199-01-01T00:00:00Z"},
        {"price": 0},
        {"price": -5},
        {"quantity": -1},
        {"currency": "euro"},
    ]
    broken += [f"k|{json.dumps(at(310 + n, **each))}" for n, each in enumerate(fields)]
    return [*lines(good), *(f"k|{json.dumps(each)}" for each in others), *broken]


def count_late_events(shop):
    """Replaces the rows of those days, whose sessions are all over, by the batch layer's."""
    for first, last in BATCH_DAYS:
        shop.run("gold", "--batch", "--from", first, "--to", last)


def process(shop, *options):
    shop.drain(*options)
    shop.run("--config", shop.data.parent / "alerts.toml", "gold", "--available-now")


def make_history(shop):
    shop.run("topic", "create", *TOPIC)
    shop.run("produce", *CLOCK_CHANGE)
    process(shop, "--batch-rows", "50", *SETTINGS)
    shop.run("archive", "--available-now")
    visits = named("r", RandomShop(5, users=4, days=1, on_devices=0).events)  # without more types of events
    for third in range(3):
        shop.write(*lines(visits[third::3]))
        process(shop)
    shop.run("archive", "--available-now")
    shop.write(*hand_written(), *lines(visits[:40]))  # the last are copies
    process(shop)
    shop.run("quarantine", "replay", "--rule", "bad_price", "--set", "price=7.5")
    process(shop)
    shop.run("optimize")
    shop.run("vacuum", "--retention", "0")
    shop.write(*[line(400 + n, timestamp=f"2024-03-30T1{n}:00:00Z", event_type="purchase") for n in range(5)])  # late
    process(shop)


class Requests:
    def __init__(self, url):
        self.url = url

    def post(self, path, body, **headers):
        request = urllib.request.Request(
            self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json", **headers}
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.read(), response.headers

    def log_in(self, name):
        _, headers = self.post("/v1/login", {"name": name, "password": PASSWORD})
        return headers["Set-Cookie"].split(";")[0]


def serve(shop, *command):
    """Starts a command that serves HTTP on any free port; returns the process and a client."""
    process = shop.start(*command, "--port", "0")
    for text in process.stdout:
        found = re.search(rb"http://127\.0\.0\.1:\d+", text)
        if found:
            return process, Requests(found[0].decode())
    raise AssertionError(process.stderr.read().decode())


def make_present(shop):
    """Adds current visitors, over HTTP, and waits for a tick of an idle minute. Windows stay open."""
    shop.run("access", "add", "ann", "--role", "admin", input=PASSWORD.encode() + b"\n")
    token = shop.run("access", "add", "grafana", "--token").split()[-1]
    process, http = serve(shop, "run", "--no-simulator", "--trigger", "1s", "--write-key", f"web={KEY}")
    bearer = {"Authorization": f"Bearer {KEY}"}
    now = datetime.datetime.now(datetime.UTC)
    recent = [
        event(500 + n, timestamp=(now - datetime.timedelta(minutes=20 - n)).isoformat(), session_id="s")
        for n in range(20)
    ]
    http.post("/v1/events", recent, **bearer)
    basic = {"Authorization": "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()}
    order = {
        "order_id": "T-1",
        "currency": "EUR",
        "products": [{"product_id": "p1", "price": 3}, {"product_id": "p2", "price": 4}],
    }
    http.post(
        "/v1/track",
        {"type": "track", "userId": "u1", "messageId": "m1", "event": "Order Completed", "properties": order},
        **basic,
    )
    item = {"item_id": "p3", "price": 5}
    purchase = {"name": "purchase", "params": {"transaction_id": "T-2", "currency": "USD", "items": [item]}}
    http.post(f"/mp/collect?api_secret={KEY}", {"client_id": "c1", "events": [purchase]})
    http.post("/v1/alerts/silence", {"rule": "lag", "minutes": 60}, Cookie=http.log_in("ann"), Origin=http.url)
    ticks = shop.data / "gold" / "ticks.json"
    wait_until(lambda: ticks.exists() and json.loads(ticks.read_text()), seconds=300, pause=1)
    code, _, errors = stop(process)
    assert code == 0, errors
    assert json.loads(ticks.read_text())
    return token


def plain(value):
    """A cell as text, the same for all notations of a number."""
    if isinstance(value, (bool, type(None))) or not re.fullmatch(r"-?[\d.]+([eE][-+]?\d+)?", str(value)):
        return str(value)
    return f"{float(value):.15g}"


def digest(rows):
    text = "\n".join(sorted("\t".join(map(plain, row)) for row in rows))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def table_answer(shop, table, columns=None, before=None, without=frozenset()):
    """A table's columns, number of rows and digest, by delta-rs.

    `before` leaves out that day and later ones, and `without` the events with these ids.
    """
    rows = delta.rows(shop.data / table)
    if without:
        rows = rows.filter([each not in without for each in rows["event_id"].to_pylist()])
    columns = columns or [name for name in rows.column_names if name != "processing_timestamp"]
    days = rows["day"].to_pylist() if before else []
    cells = list(zip(*(rows[name].to_pylist() for name in columns), strict=True))
    kept = [row for index, row in enumerate(cells) if not before or days[index] < before]
    return {"columns": columns, "rows": len(kept), "digest": digest(kept)}


def sql(shop, query):
    return [
        {name: plain(value) for name, value in row.items()}
        for row in shop.json("sql", query, "--limit", "100000")["rows"]
    ]


def kpis(shop, where="true"):
    return sql(
        shop,
        "select grain, epoch_ms(window_start) as starts, currency, events, active_users, sessions, orders, items, "
        "gross_revenue, net_revenue, conversion, bot_events from gold.kpis "
        f"where grain <> 'minute' and {where} order by grain, window_start, currency",
    )


def accounting(report):
    """Each partition's counts in the report of verify: received, silver, duplicates, quarantined."""
    return {
        check["name"]: [int(number.replace(",", "")) for number in re.findall(r"[\d,]+", check["detail"])]
        for check in report["checks"]
        if check["name"].startswith("accounting")
    }


def answers(shop, columns=None):
    """What the shop holds, by the program and by delta-rs. `columns` has the columns to compare, by table."""
    columns = columns or {}
    tables = ["silver", "quarantine", "archive", *(f"gold/{name}" for name in (*METRICS, "alerts"))]
    return {
        "bronze": shop.count("bronze"),
        "silver": {
            by: {named_value(value): rows for value, rows in shop.count("silver", by).items()}
            for by in ("event_type", "currency", "is_bot", "event_date")
        },
        "quarantine": shop.count("quarantine", "rule"),
        "tables": {table: table_answer(shop, table, columns.get(table)) for table in tables},
        "kpis": kpis(shop),
        "shown": digest(
            [row["event_id"]]
            for row in shop.json("show", "silver", "--limit", "100000", "--columns", "event_id")["rows"]
        ),
        "accounting": accounting(shop.verify()),
        "alerts": sql(shop, "select sequence, rule, subject, state from gold.alerts order by sequence"),
    }


def pack(data, archive):
    def anonymous(info):
        info.uid = info.gid = 0
        info.uname = info.gname = ""
        return info

    with tarfile.open(archive, "w:xz", preset=9) as tar:
        tar.add(data, "data", filter=anonymous)


def unpack(name, directory):
    """The shop of that name. Its files keep their times of modification."""
    with tarfile.open(SHOPS / f"{name}.tar.xz") as tar:
        tar.extractall(directory)
    return Millrace(pathlib.Path(directory) / "data")


def main(program, name):
    with tempfile.TemporaryDirectory() as directory:
        shop = Millrace(pathlib.Path(directory) / "data", pathlib.Path(program).resolve())
        (shop.data.parent / "alerts.toml").write_text(ALERT_RULES)
        make_history(shop)
        token = make_present(shop)
        count_late_events(shop)
        SHOPS.mkdir(exist_ok=True)
        pack(shop.data, SHOPS / f"{name}.tar.xz")
        told = {
            "program": shop.run("--version").strip(),
            "made": datetime.date.today().isoformat(),
            "token": token,
            **answers(shop),
        }
        (SHOPS / f"{name}.json").write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
        print(f"{(SHOPS / f'{name}.tar.xz').stat().st_size:,} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
