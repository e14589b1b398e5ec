"""Visitors of a shop with shared devices, against a model in Python that knows only what was sent."""

import datetime
import random

import pytest

from tests.support import delta, gold_oracle
from tests.support.arrival import process_shuffled
from tests.support.events import event
from tests.support.identity_model import Visits

START = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)
DEVICES = {"phone": ["ann"], "laptop": ["ann", "bob"], "tablet": ["bob", "cid", "dora"], "kiosk": ["dora", "emil"]}


class Shop:
    """Customers who browse, log in and out on devices that some of them share, over some months."""

    def __init__(self, seed, days, visits=80):
        self.chance = random.Random(seed)
        self.sent = []
        for number in range(visits):
            # A visit is over before midnight.
            at = START + datetime.timedelta(days=self.chance.randrange(days), hours=self.chance.uniform(0, 14))
            if number % 4:
                self.visit(number, at)
            else:
                self.pass_around(f"guest-{number}", at.replace(minute=0, second=0, microsecond=0))
        self.sent += self.chance.sample(self.sent, len(self.sent) // 5)  # the same messages once more

    def visit(self, number, time):
        chance = self.chance
        device = chance.choice(list(DEVICES))
        session = chance.choice([f"s{number}", "", None])
        user = chance.choice([None, *DEVICES[device]])
        for _ in range(chance.randrange(1, 13)):
            if chance.random() < 0.3:
                user = chance.choice([None, None, *DEVICES[device]])
                if user and chance.random() < 0.5:
                    self.send(time, device, user, event_type="identify")
            if chance.random() < 0.06:
                self.tell(time, device, user or chance.choice(DEVICES[device]))
            kind = chance.choices(["view", "add_to_cart", "purchase", "search"], [5, 2, 2, 1])[0]
            known = None if user and chance.random() < 0.1 else device  # what a server sends names no device
            fields = {} if session is None else {"session_id": session}
            self.send(time, known, user, event_type=kind, product_id=f"p{chance.randrange(4)}", price=5, **fields)
            pauses = [0, 0, chance.uniform(0, 6), chance.uniform(0, 6), chance.uniform(0, 29), 30, 45]
            time += datetime.timedelta(minutes=chance.choice(pauses))

    def pass_around(self, guest, hour):
        """Several people take a device within an hour, some of them in the same moment."""
        device = self.chance.choice([guest, guest, *DEVICES])
        users = DEVICES.get(device, ["ann", "bob"])
        for minutes in self.chance.choices(range(0, 60, 5), k=9):
            time = hour + datetime.timedelta(minutes=minutes)
            user = self.chance.choice([None, None, *users])
            kind = "unlink" if user and self.chance.random() < 0.2 else "view"
            self.send(time, device, user, event_type=kind)
        self.send(hour + datetime.timedelta(days=self.chance.uniform(0.1, 20)), device, None)

    def tell(self, time, device, user):
        """A device is no longer someone's or had another name before, or an account has another id."""
        kind, user, name = self.chance.choice(
            [
                ("unlink", user, device),
                ("unlink", user, device),
                ("alias", user, f"older-{device}"),
                ("alias", f"member-{user}", user),
                ("alias", f"club-{user}", f"member-{user}"),
            ]
        )
        self.send(time, name, user, event_type=kind)
        if name.startswith("older"):
            self.send(time - datetime.timedelta(minutes=1), name, None)

    def send(self, time, device, user, **fields):
        made = event(len(self.sent), timestamp=time.isoformat(timespec="microseconds"), **fields)
        del made["user_id"]
        if device:
            made["anonymous_id"] = device
        if user or self.chance.random() < 0.5:
            made["user_id"] = user or device
        if made["event_type"] in ("identify", "alias", "unlink"):
            del made["product_id"], made["price"]
        self.sent.append(made)


def closed_rows(shop, table):
    """The rows of a Gold table of the days of the shop."""
    return [row for row in delta.rows(shop.data / "gold" / table).to_pylist() if str(row["day"]) < "2025-01-01"]


def picked(row, like):
    return {name: row[name] for name in like}


# Seeds 4 and 22 together have ties before and after an event, unlinks within an hour, and ids of ids of ids.
@pytest.mark.parametrize(
    "seed", [4, pytest.param(22, marks=pytest.mark.long), pytest.param(23, marks=pytest.mark.long)]
)
def test_visitors_are_who_was_told_in_any_order_of_arrival(shop, seed):
    made = Shop(seed, days=200).sent
    process_shuffled(shop, made, seed, end=START + datetime.timedelta(days=400))
    told = Visits(made)

    sessions = closed_rows(shop, "sessions")
    assert all(row["user_id"] == row["visitor_id"] for row in sessions)
    fields = ["session_end", "events", "purchases", "is_new"]
    found = {(row["visitor_id"], row["session_id"], row["session_start"]): picked(row, fields) for row in sessions}
    assert found == told.sessions and len(sessions) == len(found)

    days = {}
    for row in closed_rows(shop, "users"):
        assert row["user_id"] == row["visitor_id"]
        days.setdefault(str(row["day"]), set()).add(row["visitor_id"])
    assert days == told.days

    identities = closed_rows(shop, "identities")
    fields = ["first_seen", "last_seen", "events", "removed_at"]
    found = {(row["window_start"], row["anonymous_id"], row["user_id"]): picked(row, fields) for row in identities}
    assert found == told.identities.rows and len(identities) == len(found)
    assert all(row["window_end"] == row["window_start"] + HOUR for row in identities)

    assert shop.json("gold", "reconcile")["differences"] == []
    gold_oracle.check(shop.data, where="day < '2025-01-01'")
    shop.verify()
