"""A damaged file of Gold's is rebuilt from silver, or an error names it and the command that rebuilds it."""

import subprocess

import pytest

from tests.support import gold_oracle
from tests.support.alerts import GAP, GAP_TOLD, config, fill, told
from tests.support.events import lines
from tests.support.random_shop import RandomShop
from tests.support.receivers import Webhook

DAMAGES = {
    "empty": lambda content: b"",
    "cut": lambda content: content[: len(content) // 2 - 1],
    "zeroed": lambda content: bytes(len(content)),
    "garbage": lambda content: b"\xff{" + content[2:],
}
EVENTS = RandomShop(91, users=8).events


def damage(file, how):
    file.write_bytes(DAMAGES[how](file.read_bytes()))


def half_filled(shop):
    shop.write(*lines(EVENTS[: len(EVENTS) // 2]))
    shop.drain()
    shop.run("gold", "--available-now", "--close")
    shop.write(*lines(EVENTS[len(EVENTS) // 2 :]))
    shop.drain()


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("name", ["state.bin", "ticks.json", "alerts-sent-log.json"])
def test_a_damaged_file_beside_the_tables_is_told_and_made_anew(shop_like, name, how):
    shop = shop_like(half_filled)
    file = shop.data / "gold" / name
    if name == "ticks.json":
        file.write_text('[{"silver_version":1,"now_ms":1571439600000}]\n')
    damage(file, how)
    shop.run("gold", "--available-now", "--close")
    assert name in shop.stderr, shop.stderr
    gold_oracle.check(shop.data)
    shop.verify()
    shop.run("gold", "--available-now", "--close")
    assert name not in shop.stderr, "it was mended"


LOG_DAMAGES = [(0, "empty"), (0, "zeroed"), (0, "garbage"), (-1, "cut"), (-1, "zeroed"), (-1, "garbage")]
FEW = {(0, "garbage"), (-1, "cut")}  # of the other tables, whose logs are read by the same code


@pytest.mark.parametrize(
    "table, commit, how",
    [
        pytest.param(table, *damage, marks=() if table == "kpis" or damage in FEW else pytest.mark.long)
        for table in ("kpis", "sessions", "alerts")
        for damage in LOG_DAMAGES
    ],
)
def test_a_table_whose_log_is_damaged_is_named_with_what_rebuilds_it(shop_like, table, commit, how):
    shop = shop_like(half_filled)
    damage(sorted((shop.data / "gold" / table / "_delta_log").glob("*.json"))[commit], how)
    done = subprocess.run(shop.command("gold", "--available-now"), capture_output=True, text=True)
    assert done.returncode in (2, 3)
    assert f"gold.{table}" in done.stderr and "gold --rebuild --available-now" in done.stderr, done.stderr
    shop.run("gold", "--rebuild", "--available-now", "--close")
    assert f"{table}.damaged-" in shop.stderr
    gold_oracle.check(shop.data)
    shop.verify()
    shop.run("gold", "--available-now", "--close")
    gold_oracle.check(shop.data)


def test_alerts_are_not_sent_again_when_their_table_was_lost_nor_kept_back_afterwards(shop, tmp_path):
    fill(shop, GAP[:4])
    with Webhook() as webhook:
        settings = config(tmp_path, f'[alerts.webhook]\nurl = "{webhook.url}"\n')
        shop.run("--config", settings, "gold", "--available-now")
        assert [key.split("-")[1] for key in webhook.keys] == ["firing"]
        damage(shop.data / "gold" / "alerts" / "_delta_log" / f"{0:020}.json", "garbage")
        shop.run("--config", settings, "gold", "--rebuild", "--available-now")
        assert told(shop) == GAP_TOLD[:1] and len(webhook.keys) == 1
        fill(shop, GAP[4:])
        shop.run("--config", settings, "gold", "--available-now")
        assert told(shop) == GAP_TOLD
        assert [key.split("-")[1] for key in webhook.keys] == ["firing", "resolved"]


def test_an_alert_whose_sink_has_lost_its_place_is_sent_rather_twice_than_never(shop, tmp_path):
    shop.run("produce", "--rate", "max", "--count", "45000", "--span", "15m", "--seed", "1")
    shop.drain()
    with Webhook() as webhook:
        settings = config(tmp_path, f'[alerts.webhook]\nurl = "{webhook.url}"\n')
        shop.run("--config", settings, "gold", "--available-now")
        assert len(webhook.keys) == 1
        damage(shop.data / "gold" / "alerts-sent-webhook.json", "cut")
        shop.run("--config", settings, "gold", "--available-now")
        assert "alerts-sent-webhook.json is damaged" in shop.stderr
        # A receiver finds the copy by its id.
        assert webhook.keys[0] == webhook.keys[1] and len(webhook.keys) == 2
