"""The alerts of a shop, and events of a shop whose traffic stops for a while."""

from tests.support import delta
from tests.support.events import event, lines


def alerts(shop):
    """All rows of the alert table, in order; none while there is no table."""
    if not (shop.data / "gold" / "alerts" / "_delta_log" / f"{0:020}.json").exists():
        return []
    rows = delta.rows(shop.data / "gold" / "alerts").sort_by("sequence").to_pylist()
    assert [row["sequence"] for row in rows] == sorted({row["sequence"] for row in rows})
    return rows


def told(shop):
    """(rule, subject, state) of all alerts, in order."""
    return [(row["rule"], row["subject"], row["state"]) for row in alerts(shop)]


def config(tmp_path, text):
    path = tmp_path / "millrace.toml"
    path.write_text(text)
    return path


def gap_minutes(first, last, views):
    """Events of those minutes of 2024-05-01, all in one partition."""
    return [
        event(
            10_000 * minute + n,
            user_id="u1",
            session_id=f"s{minute}-{n}",
            product_id=f"p{n % 40}",
            timestamp=f"2024-05-01T{minute // 60:02}:{minute % 60:02}:{n * 59 // views:02}Z",
        )
        for minute in range(first, last)
        for n in range(views)
    ]


# An hour and a half of steady traffic, 40 minutes with hardly an event, and another hour of traffic.
GAP = [
    gap_minutes(0, 45, 60),
    gap_minutes(45, 90, 60),
    gap_minutes(90, 110, 1),
    gap_minutes(110, 130, 1),
    gap_minutes(130, 160, 60),
    gap_minutes(160, 200, 60),
]
GAP_TOLD = [("traffic_gap", None, "firing"), ("traffic_gap", None, "resolved")]


def fill(shop, batches=GAP):
    for batch in batches:
        shop.write(*lines(batch))
        shop.drain()
