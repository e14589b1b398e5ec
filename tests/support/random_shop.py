"""Random shops with what the simulator does not make up.

They have several currencies, sessions with gaps, events at one moment, visits over midnight and for days, purchases
without a view, refunds, orders of several lines, lines that are sent again, discounts, cancellations, placeholders of
order ids, and empty strings. Some visitors are anonymous, log in and out, share a device, change their id, or are
unlinked from a device.
"""

import datetime
import random

START = datetime.datetime(2024, 3, 29, 20, tzinfo=datetime.UTC)  # two days before the clocks change in Europe

REFERRERS = [
    "https://a.example/",
    "",
    "https://www.google.com/",
    "https://uk.search.yahoo.com/search?p=mill",
    "https://l.facebook.com/l.php?u=x",
    "https://old.reddit.com",
    "https://mail.google.com/mail/u/0/",
    "https://checkout.shop.co.uk/pay",
    "android-app://com.example/",
]
PAGES = [
    *(f"/x/{n}" for n in range(3)),
    "https://www.shop.co.uk",
    "https://shop.co.uk/p/1?color=red#reviews",
    "https://shop.co.uk/p/1?gclid=c1",
]


class RandomShop:
    def __init__(self, seed, users=20, days=4, on_devices=0.15):
        """`on_devices` is the share of the visits that name a device; the other events are the same for each share."""
        self.chance = random.Random(seed)
        self.days = days
        self.events = []
        visits = []
        for user in range(users):
            for visit in range(self.chance.randrange(1, 4)):
                first = len(self.events)
                self.visit(f"u{user}", self.chance.choice([None, f"s{user}-{visit}", ""]))
                visits.append(self.events[first:])
        self.endless_visit()
        self.identities = random.Random(f"the devices of {seed}")
        for made in visits:
            if self.identities.random() < on_devices:
                self.move_to_device(made)
        self.events.sort(key=lambda made: made["timestamp"])

    def visit(self, user, session):
        time = START + datetime.timedelta(seconds=self.chance.uniform(0, self.days * 86400))
        for _ in range(self.chance.randrange(1, 60)):
            self.event(user, session, time)
            pauses = [
                0,
                0,
                self.chance.expovariate(1 / 30),
                self.chance.expovariate(1 / 1200),
                self.chance.expovariate(1 / 9000),
                4 * 3600,
                1800,
            ]
            time += datetime.timedelta(seconds=self.chance.choice(pauses))

    def endless_visit(self):
        time = START
        while time < START + datetime.timedelta(days=self.days + 1):
            self.event("bot", "endless", time)
            time += datetime.timedelta(seconds=self.chance.uniform(60, 3 * 3600))

    def event(self, user, session, time):
        chance = self.chance
        kinds = ["view", "add_to_cart", "purchase", "refund", "order_cancelled", "page_view"]
        kind = chance.choices(kinds, [60, 15, 10, 3, 2, 12])[0]
        made = {
            "event_id": f"e{len(self.events)}",
            "user_id": user,
            "event_type": kind,
            "timestamp": time.isoformat(timespec="microseconds"),
        }
        if session is not None:
            made["session_id"] = session
        if kind != "page_view" or chance.random() < 0.2:
            made |= {
                "product_id": f"p{chance.randrange(8)}",
                "price": round(chance.uniform(0.5, 900), chance.choice([0, 2, 5])),
            }
        maybe = {
            "product_category": (0.8, ["a", "b", "", "c.d"]),
            "device_type": (0.8, ["mobile", "desktop", "tablet"]),
            "page_url": (0.7, PAGES),
            "quantity": (0.3, [1, 2, 3, 4]),
            "user_agent": (0.3, ["curl/8.5.0", "Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0"]),
            "referrer": (0.2, REFERRERS),
            "utm_source": (0.1, ["google", "Instagram", "partner", ""]),
            "utm_medium": (0.1, ["cpc", "email", "social", "qr"]),
            "utm_campaign": (0.1, ["spring", "sale"]),
            "currency": (0.2, ["USD", "GBP"]),
        }
        made |= {field: chance.choice(values) for field, (share, values) in maybe.items() if chance.random() < share}
        if kind in ("purchase", "refund", "order_cancelled") and chance.random() < 0.5:
            made["order_id"] = chance.choice([f"o{chance.randrange(40)}"] * 9 + ["undefined"])
        if kind == "purchase" and "order_id" in made:
            amounts = ("order_total", "order_discount", "order_shipping", "order_tax")
            made |= {name: round(chance.uniform(-5, 90), 2) for name in amounts if chance.random() < 0.2}
            if chance.random() < 0.3:
                made["line_number"] = chance.randrange(1, 3)
        self.events.append(made)

    def move_to_device(self, visit):
        """Makes a visit one of a device, on which its user logs in and out, and whose next user may log in then."""
        chance, user = self.identities, visit[0]["user_id"]
        device = chance.choice([f"device-{user}", f"device-{user}", "kiosk"])
        login = chance.choice([0, chance.randrange(len(visit)), len(visit)])
        logout = chance.choice([len(visit), chance.randrange(login, len(visit) + 1)])
        second_login = chance.randrange(logout, len(visit) + 1) if device == "kiosk" else len(visit)
        next_user = chance.choice(["u0", "u1", user])
        for place, event in enumerate(visit):
            event["anonymous_id"] = device
            if place >= second_login:
                event["user_id"] = next_user
            elif not login <= place < logout:
                event["user_id"] = device
            if event["user_id"] == device:
                if chance.random() < 0.5:
                    del event["user_id"]
            elif chance.random() < 0.1:  # what a server sends names no device
                del event["anonymous_id"]
        times = [event["timestamp"] for event in visit]
        messages = {
            "identify": (0.6, device, times[min(login, len(visit) - 1)]),
            "alias": (0.2, chance.choice([device, f"older-{user}"]), chance.choice(times)),
            "unlink": (0.25, device, chance.choice(times)),
        }
        for kind, (share, name, time) in messages.items():
            if chance.random() < share:
                self.tell(kind, user, name, time)
        if chance.random() < 0.15:  # the account has another id from then on
            self.tell("alias", f"member-{user}", user, chance.choice(times))

    def tell(self, kind, user, name, time):
        """Sends a message that says whose a name is, or was."""
        message = {"event_id": f"e{len(self.events)}", "event_type": kind, "timestamp": time}
        self.events.append({**message, "user_id": user, "anonymous_id": name})

    def shuffled(self, seconds):
        """The events in another order, each moved by at most so many seconds of event time."""
        late = {
            made["event_id"]: datetime.datetime.fromisoformat(made["timestamp"]).timestamp()
            + self.chance.uniform(0, seconds)
            for made in self.events
        }
        return sorted(self.events, key=lambda made: late[made["event_id"]])
