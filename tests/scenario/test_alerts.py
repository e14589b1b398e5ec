"""Alerts: what happened in the shop is told once, whatever happens to the program and to those who are told."""

import subprocess

import duckdb
import pytest

from tests.support import delta
from tests.support.alerts import GAP, GAP_TOLD, alerts, config, fill, told
from tests.support.events import line
from tests.support.port import Port
from tests.support.receivers import MailServer, Webhook
from tests.support.shop import stop, wait_until


def fill_with_gap(shop):
    fill(shop)


def make_gap_alerts(shop):
    fill(shop)
    shop.run("gold", "--available-now")


def test_the_real_gap_is_one_alert_and_nothing_else_is(shop, sample):
    shop.run("import", "--format", "rees46", sample)
    shop.drain()
    shop.run("gold", "--available-now")
    assert told(shop) == GAP_TOLD
    firing, resolved = alerts(shop)
    assert "2019-10-01 00:20" < str(firing["at"]) < "2019-10-01 00:32"
    assert "2019-10-01 02:10" < str(resolved["at"]) < "2019-10-01 02:25"


@pytest.mark.parametrize(
    "seed", [seed if seed <= 4 else pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 21)]
)
def test_the_product_that_nobody_buys_is_found_in_three_minutes_and_no_other(shop, seed):
    shop.run("produce", "--rate", "max", "--count", "45000", "--span", "15m", "--seed", seed)
    shop.drain()
    shop.run("gold", "--available-now")
    assert [(row["rule"], row["subject"]) for row in alerts(shop)] == [("high_interest", "prod_0042")]
    first = min(delta.rows(shop.data / "silver", ["event_timestamp"])["event_timestamp"].to_pylist())
    assert (alerts(shop)[0]["at"] - first).total_seconds() <= 180


@pytest.mark.long
def test_a_year_of_a_grocers_orders_has_few_alerts(shop, insight, tmp_path):
    """1.46 million lines of real orders, in bursts; the shop is closed at night and on holidays."""
    lines = tmp_path / "lines.ndjson"
    duckdb.sql(
        f"""copy (select 'l' || row_number() over () as event_id, 'h' || household_id as user_id,
                      'b' || basket_id as session_id, 'b' || basket_id as order_id, 'p' || product_id as product_id,
                      'purchase' as event_type, strftime(transaction_timestamp, '%Y-%m-%dT%H:%M:%SZ') as timestamp,
                      sales_value as price, 1 as quantity
               from (from read_parquet('{insight / "completejourney" / "transactions.parquet"}')
                     order by transaction_timestamp, basket_id)) to '{lines}' (format json)"""
    )
    shop.run("import", "--format", "events", lines)
    shop.drain()
    shop.run("gold", "--available-now")
    firing = [row for row in alerts(shop) if row["state"] == "firing"]
    assert len(firing) <= 5, firing
    holidays = [row["at"].date().isoformat() for row in firing if row["rule"] == "revenue_drop"]
    assert "2017-12-25" in holidays and holidays[0] in ("2017-11-23", "2017-11-24")
    assert all(row["unit"] for row in firing)


def test_chance_does_not_resolve_an_alert_and_fire_it_anew(shop):
    shop.run("produce", "--rate", "max", "--count", "200000", "--span", "24h", "--seed", "1")
    shop.drain()
    shop.run("gold", "--available-now")
    assert told(shop) == [("high_interest", "prod_0042", "firing")]


def test_the_alert_is_in_the_report_of_a_short_run(shop):
    report = shop.json("run", "--rate", "500", "--duration", "20s", "--trigger", "500ms")
    assert [(alert["rule"], alert["subject"]) for alert in report["gold"]["alerts"]] == [("high_interest", "prod_0042")]


def test_alerts_reach_the_webhook_and_the_mailbox_though_both_refuse_at_first(shop_like, tmp_path, free_port):
    shop = shop_like(fill_with_gap)
    with Webhook(refused=2) as webhook, MailServer(free_port, refused=1) as mail:
        settings = config(
            tmp_path,
            f"""
            [alerts.webhook]
            url = "{webhook.url}"
            [alerts.smtp]
            url = "{mail.url}"
            from = "shop@example.com"
            to = ["ops@example.com", "boss@example.com"]
        """,
        )
        shop.run("--config", settings, "gold", "--available-now")
        assert shop.stderr.count("traffic_gap") == 2  # the log
        ids = [row["alert_id"] for row in alerts(shop)]
        assert webhook.keys == [f"{ids[0]}-firing", f"{ids[0]}-resolved"] and ids[0] == ids[1]
        assert all("traffic_gap" in body["text"] for _, body in webhook.received)
        (envelope, first), (_, second) = mail.received
        assert envelope.rcpt_tos == ["ops@example.com", "boss@example.com"] and envelope.mail_from == "shop@example.com"
        assert first["Subject"] == "[firing] traffic_gap" and second["Subject"] == "[resolved] traffic_gap"
        assert ids[0] in first["Message-ID"] and "the usual number is" in first.get_payload()
        # Neither a second run nor a new beginning tells it again.
        shop.run("--config", settings, "gold", "--available-now")
        shop.run("--config", settings, "gold", "--available-now", "--rebuild")
        assert len(webhook.received) == len(mail.received) == 2
        assert told(shop) == GAP_TOLD


def test_what_a_dead_webhook_missed_comes_with_the_next_run(shop, tmp_path, free_port):
    fill(shop, GAP[:4])
    settings = config(tmp_path, f'[alerts.webhook]\nurl = "http://127.0.0.1:{free_port}/"\n')
    gold = shop.start("--config", settings, "gold", "--trigger", "100ms")
    wait_until(lambda: told(shop) == GAP_TOLD[:1])
    fill(shop, GAP[4:])
    wait_until(lambda: told(shop) == GAP_TOLD)  # the pipeline doesn't wait for it
    gold.kill()
    gold.wait()
    with Webhook() as webhook:
        config(tmp_path, f'[alerts.webhook]\nurl = "{webhook.url}"\n')
        shop.run("--config", settings, "gold", "--available-now")
        assert [key.split("-")[1] for key in webhook.keys] == ["firing", "resolved"]


def test_a_silenced_alert_is_in_the_table_and_sent_nowhere(shop_like, tmp_path):
    shop = shop_like(fill_with_gap)
    server = Port(shop)
    assert server.post({"rule": "traffic_gap", "minutes": 60}, "/v1/alerts/silence")[0] == 200
    server.stop()
    with Webhook() as webhook:
        settings = config(tmp_path, f'[alerts.webhook]\nurl = "{webhook.url}"\n')
        shop.run("--config", settings, "gold", "--available-now")
        assert webhook.received == [] and told(shop) == GAP_TOLD


def test_a_new_sink_is_not_told_of_what_was_long_ago(shop_like, tmp_path):
    shop = shop_like(make_gap_alerts)
    with Webhook() as webhook:
        settings = config(tmp_path, f'[alerts.webhook]\nurl = "{webhook.url}"\n')
        shop.run("--config", settings, "gold", "--available-now")
        assert webhook.received == []


def test_secrets_in_addresses_are_not_told(shop_like, tmp_path, free_port):
    shop = shop_like(fill_with_gap)
    gold = shop.start(
        "gold", "--trigger", "100ms", env={"MILLRACE_ALERTS_WEBHOOK_URL": f"http://127.0.0.1:{free_port}/s3cret"}
    )
    wait_until(lambda: told(shop) == GAP_TOLD)
    code, _, err = stop(gold)
    assert code == 0, err
    assert "webhook" in err and "not all alerts could be sent" in err and "s3cret" not in err


@pytest.mark.parametrize("point", ["gold.files.synced", "gold.committed", "gold.state.saved", "gold.cleared"])
def test_alerts_are_told_once_after_a_kill_at_any_point(shop_like, shop_at, point):
    expected = alerts(shop_like(make_gap_alerts))
    shop = shop_at("killed", "millrace_crash")
    killed = 0
    for batch in GAP:
        fill(shop, [batch])
        for passage in (1, 2, 3):
            done = subprocess.run(
                shop.command("gold", "--available-now"),
                capture_output=True,
                timeout=60,
                env={"MILLRACE_FAIL_AT": f"{point}:{passage}"},
            )
            killed += done.returncode != 0
        shop.run("gold", "--available-now")
    assert killed > 0
    found = alerts(shop)
    assert [(row["alert_id"], row["state"], row["at"], row["message"]) for row in found] == [
        (row["alert_id"], row["state"], row["at"], row["message"]) for row in expected
    ]


def test_other_rules_hold_from_now_on(shop, tmp_path):
    fill(shop, GAP[:4])
    settings = config(tmp_path, "[alerts.traffic_gap]\nenabled = false\n")
    shop.run("--config", settings, "gold", "--available-now")
    assert told(shop) == []
    fill(shop, GAP[4:])
    shop.run("gold", "--available-now")
    assert told(shop) == []


def test_a_wave_of_broken_records_is_an_alert(shop):
    shop.write(*[line(n) for n in range(500)])
    shop.drain()
    gold = shop.start("gold", "--trigger", "100ms")
    wait_until(lambda: (shop.data / "gold" / "state.bin").exists())
    shop.write(*[f"k|broken {n}" for n in range(300)])
    shop.drain()
    wait_until(lambda: ("quarantine_rate", None, "firing") in told(shop))
    code, _, err = stop(gold)
    assert code == 0, err


@pytest.mark.parametrize(
    "text, said",
    [
        ("[alerts.no_such_rule]\nenabled = true", "no such rule or sink"),
        ("[alerts.traffic_gap]\nthreshold = true", "it must be a number"),
        ('[alerts.traffic_gap]\nwindow = "90s"', "whole minutes"),
        ("[alerts.traffic_gap]\nresolve_threshold = 0.1", "must not be below"),
        ('[alerts.lag]\nwindow = "5m"', "the rule has no such setting"),
        ('[alerts.smtp]\nurl = "smtp://127.0.0.1"', '"from" or "to" is missing'),
        ("alerts = 3", "it must be a table"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(shop, tmp_path, text, said):
    shop.drain()
    shop.run("--config", config(tmp_path, text), "gold", "--available-now", code=2)
    assert said in shop.stderr


@pytest.mark.parametrize(
    "former, current",
    [
        ("resolved = 0.8", "resolve_threshold"),
        ('calm = "1m"', "resolve_after"),
        ("least = 10", "min_samples"),
    ],
)
def test_a_setting_by_its_name_of_0_1_is_accepted_with_a_warning(shop, tmp_path, former, current):
    shop.run("--config", config(tmp_path, f"[alerts.traffic_gap]\n{former}"), "run", "--duration", "1s", "--no-http")
    name = former.split(" ")[0]
    assert f"line 2: alerts.traffic_gap.{name} is called {current} now" in shop.stderr


@pytest.mark.long
def test_total_silence_is_an_alert(shop, tmp_path):
    settings = config(
        tmp_path,
        """
        [alerts.traffic_gap]
        window = "1m"
        pending = "0s"
        resolve_after = "0s"
    """,
    )
    shop.run("produce", "--rate", "max", "--count", "20000", "--span", "20m")
    shop.drain()
    gold = shop.start("--config", settings, "gold", "--trigger", "100ms")
    wait_until(lambda: (shop.data / "gold" / "state.bin").exists())
    wait_until(lambda: ("traffic_gap", None, "firing") in told(shop), seconds=240, pause=1)
    gold.kill()  # what ticks have come to is kept
    gold.wait()
    shop.run("produce", "--rate", "max", "--count", "3000", "--span", "1m")
    shop.run("produce", "--rate", "max", "--count", "100")
    shop.drain()
    gold = shop.start("--config", settings, "gold", "--trigger", "100ms")
    wait_until(lambda: ("traffic_gap", None, "resolved") in told(shop), seconds=240, pause=1)
    assert len([row for row in told(shop) if row[0] == "traffic_gap" and row[2] == "firing"]) == 1
    code, _, err = stop(gold)
    assert code == 0, err
