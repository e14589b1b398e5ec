"""Prometheus scrapes a running Millrace, promtool accepts the metrics and rules, and the docs have every metric."""

import json
import re
import subprocess

from scripts import stack
from tests.support.events import event
from tests.support.paths import ROOT
from tests.support.port import Port
from tests.support.shop import wait_until


def run(shop, *options):
    port = Port(shop, "--trigger", "0", *options, command="run")
    wait_until(lambda: port.get("/readyz")[0] == 200)
    return port


def test_prometheus_scrapes_what_promtool_finds_no_fault_with(shop, tmp_path):
    shop.run("access", "add", "ann", input=b"a long password\n")
    token = shop.run("access", "add", "prometheus", "--token").strip()
    server = run(shop, "--rate", "200", "--duration", "120s", "--gold-trigger", "200ms")
    prometheus = stack.Prometheus(tmp_path / "prometheus", stack.free_port(), f"127.0.0.1:{server.port}", token).start()
    try:
        wait_until(lambda: prometheus.query("up{job='millrace'} == 1"), seconds=30)
        wait_until(
            lambda: any(float(sample["value"][1]) > 100 for sample in prometheus.query("millrace_silver_rows_total")),
            seconds=30,
        )
        rules = json.loads(
            subprocess.run(
                ["curl", "-s", f"http://127.0.0.1:{prometheus.port}/api/v1/rules"], capture_output=True
            ).stdout
        )
        found = [rule["name"] for group in rules["data"]["groups"] for rule in group["rules"]]
        assert len(found) >= 6 and all(
            rule["health"] != "err" for group in rules["data"]["groups"] for rule in group["rules"]
        )
        wait_until(lambda: prometheus.query("millrace_gold_watermark_timestamp_seconds"), seconds=30)
        text = subprocess.run(
            ["curl", "-s", "-H", f"Authorization: Bearer {token}", f"http://127.0.0.1:{server.port}/metrics"],
            capture_output=True,
        ).stdout
        checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True)
        assert checked.returncode == 0 and not checked.stderr, checked.stderr.decode()
        page = (ROOT / "docs" / "monitoring.md").read_text()
        names = set(re.findall(r"^# TYPE (\S+)", text.decode(), re.M))
        assert len(names) >= 20 and [name for name in sorted(names) if f"`{name}`" not in page] == []
        used = set(
            re.findall(
                r"millrace_[a-z_]+",
                (ROOT / "deploy/grafana/millrace.json").read_text()
                + (ROOT / "deploy/prometheus/rules.yml").read_text(),
            )
        )
        assert used - names == set(), "a dashboard or a rule uses a metric that does not exist"
    finally:
        prometheus.stop()
        server.stop()


def test_the_rules_are_valid():
    done = subprocess.run(
        ["promtool", "check", "rules", ROOT / "deploy" / "prometheus" / "rules.yml"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_readiness_has_an_objective(shop):
    server = run(shop, "--no-simulator", "--freshness", "1s")
    server.post(event(1))
    wait_until(lambda: shop.count("silver") == 1)
    assert server.get("/readyz") == (200, '{"status":"ready"}\n')
    server.stop()
    slow = Port(shop, "--no-simulator", "--trigger", "60s", "--freshness", "1s", command="run")
    wait_until(lambda: slow.get("/readyz")[0] == 200)
    slow.post([event(n) for n in range(10, 20)])
    wait_until(lambda: slow.get("/readyz")[0] == 503)
    assert "the objective is 1s" in slow.get("/readyz")[1].replace("1.0s", "1s").replace("1 s", "1s")
    slow.stop()
