"""What the server sends, held against schemas/openapi.yaml, from which the pages' types are made."""

import datetime
import json
import re

import jsonschema_rs
import pytest
import yaml

from tests.support.events import line
from tests.support.paths import ROOT
from tests.support.shop import wait_until

DOCUMENT = yaml.safe_load((ROOT / "schemas" / "openapi.yaml").read_text())
PREFIX = "/v1/reports/"
INCOMING = PREFIX + "incoming"  # the one report that is no query of the tables
REPORTS = [path.removeprefix(PREFIX) for path in DOCUMENT["paths"] if path.startswith(PREFIX) and path != INCOMING]
# Several queries where the values of one column depend on the parameters.
QUERIES = {
    "funnel": [
        f"?by={by}&measure={measure}"
        for by in ("", "hour", "day", "device", "category")
        for measure in ("free", "strict")
    ],
    "kpis": [f"?grain={grain}" for grain in ("minute", "hour", "day")],
    "product": ["?product=prod_0042&grain=minute"],
    "journey": ["?user=user_0001"],
    "order": ["?order=o1"],
    "sources": [f"?group={group}" for group in ("channel", "source", "campaign", "landing_page")],
    "order_events": ["?order=o1"],
    "order_refused": ["?order=o1"],
}


@pytest.fixture
def busy(shop, run):
    """A server whose every report has rows: also of records that are no text, or have no value."""
    shop.run(
        "produce",
        "--rate",
        "max",
        "--count",
        "4000",
        "--span",
        "50m",
        "--duplicates",
        "1%",
        "--invalid",
        "1%",
        "--seed",
        "7",
    )
    shop.write("no-text|\udcff\udcfe")
    bought = {"event_type": "purchase", "order_id": "o1", "timestamp": datetime.datetime.now(datetime.UTC).isoformat()}
    shop.write(line(1, **bought), line(2, **bought | {"price": "free"}))
    server = run("--no-simulator")
    wait_until(lambda: rows_of(server, "alerts") and rows_of(server, "sessions"))
    return server


def get(server, path):
    status, answer = server.get(path)
    assert status == 200, (path, answer)
    return json.loads(answer)


def rows_of(server, report):
    return get(server, PREFIX + report)["rows"]


def resolved(schema):
    while "$ref" in schema:
        found = DOCUMENT
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        schema = found
    return schema


def schema_of(path):
    return resolved(DOCUMENT["paths"][path]["get"]["responses"]["200"])["content"]["application/json"]["schema"]


def check(path, body):
    found = [
        f"{error.instance_path}: {error.message}"
        for error in jsonschema_rs.validator_for({**DOCUMENT, **schema_of(path)}).iter_errors(body)
    ]
    assert found == [], (path, found[:5])


def test_reports_have_the_rows_that_the_document_describes(busy):
    assert set(REPORTS) == {path.stem for path in (ROOT / "schemas" / "reports").glob("*.sql")}
    for report in REPORTS:
        _, with_rows = schema_of(PREFIX + report)["allOf"]
        described = resolved(with_rows["properties"]["rows"]["items"])["properties"]
        for query in QUERIES.get(report, [""]):
            body = get(busy, PREFIX + report + query)
            check(PREFIX + report, body)
            assert body["rows"] and [column["name"] for column in body["columns"]] == list(described), (report, query)
            assert all(row.keys() == described.keys() for row in body["rows"]), (report, query)


def test_the_document_lists_the_parameters_that_a_report_uses():
    """The server has one list of parameters for all reports; the document says which of them matter to which."""
    for report in REPORTS:
        query = (ROOT / "schemas" / "reports" / f"{report}.sql").read_text()
        listed = [resolved(each)["name"] for each in DOCUMENT["paths"][PREFIX + report]["get"].get("parameters", [])]
        used = [
            name
            for name in (
                "from",
                "to",
                "grain",
                "limit",
                "product",
                "user",
                "rule",
                "kind",
                "by",
                "measure",
                "after",
                "order",
                "search",
                "state",
                "group",
            )
            if re.search(rf"\${name}\b", query)
        ]
        assert sorted(listed) == sorted(used), report


@pytest.mark.parametrize("path", ["/v1/state", "/v1/about", INCOMING])
def test_the_figures_and_settings_are_as_the_document_describes_them(busy, path):
    body = get(busy, path)
    check(path, body)
    if path == "/v1/state":
        batches = body["pipeline"]["batches"]
        assert batches and batches[0].keys() == DOCUMENT["components"]["schemas"]["Batch"]["properties"].keys()
        assert body["kpis"]["day"][0].keys() == DOCUMENT["components"]["schemas"]["Kpi"]["properties"].keys()
