"""What orders add up to, told from the messages that a shop sent: a second definition of gold.orders, in Python."""

import datetime
from decimal import Decimal

PLACEHOLDERS = {"", "0", "undefined", "null", "none", "nan", "(not set)", "not set", "false"}
REPEATS = datetime.timedelta(days=30)
LIFE = datetime.timedelta(days=100)
CENT = Decimal("0.0001")


def time_of(event):
    return datetime.datetime.fromisoformat(event["timestamp"])


def amount(event):
    return Decimal(str(event.get("price") or 0)) * event.get("quantity", 1)


class Order:
    """One order's events, which must be added in the order of time."""

    def __init__(self):
        self.lines = {}  # the time of the last copy of each line, by (product, number)
        self.named = None  # the time of the last line that says something of the whole order
        self.counted = []  # (time, what it adds)
        self.rows = []

    def add(self, event):
        time, kind = time_of(event), event["event_type"]
        if not self.rows or time - self.rows[-1]["last_at"] > LIFE:
            self.rows.append({"first_at": time, "lines": 0, "repeats": 0, "gross": 0, "discount": 0, "refunded": 0})
            self.rows[-1] |= {"cancelled": False, "says": None}
        row = self.rows[-1]
        row["last_at"] = time
        if kind == "purchase":
            return self.buy(event, time, row)
        given = amount(event) if kind == "refund" else self.left(time, event)
        row["refunded"] += given
        row["cancelled"] |= kind != "refund"
        self.counted.append((time, -given, False))
        return -given

    def buy(self, event, time, row):
        line = event["product_id"], event.get("line_number", 1)
        last, self.lines[line] = self.lines.get(line), time
        worth = 0
        if last is not None and time - last <= REPEATS:
            row["repeats"] += 1
        else:
            worth = amount(event)
            row["lines"] += 1
            row["gross"] += worth
            self.counted.append((time, worth, True))
        says = {name: event[name] for name in event if name.startswith("order_") and name != "order_id"}
        if says:
            last, self.named = self.named, time
            if last is None or time - last > REPEATS:
                discount = abs(Decimal(str(says.get("order_discount", 0))))
                row["discount"] += discount
                row["says"] = row["says"] or says
                self.counted.append((time, -discount, False))
                worth -= discount
        return worth

    def left(self, time, cancellation):
        near = [each for each in self.counted if time - each[0] <= REPEATS]
        if not any(is_line for _, _, is_line in near):
            return amount(cancellation)
        return max(Decimal(0), sum(worth for _, worth, _ in near))


def orders_of(events):
    """The rows of gold.orders, and the net revenue by day in UTC; each event_id counts once."""
    orders, net, seen = {}, {}, set()
    for event in sorted(events, key=lambda each: (time_of(each), each["event_id"])):
        if event["event_id"] in seen:
            continue
        seen.add(event["event_id"])
        name = event.get("order_id", "")
        alone = name.lower() in PLACEHOLDERS
        if alone:  # a discount of an order that is not named can't be counted once
            order, event = Order(), {field: event[field] for field in event if not field.startswith("order_")}
        else:
            order = orders.setdefault(name, Order())
        day = time_of(event).date().isoformat()
        net[day] = net.get(day, 0) + order.add(event)
    rows = {}
    for name, order in orders.items():
        for row in order.rows:
            charged = row["gross"] - row["discount"]
            total = (row["says"] or {}).get("order_total")
            rows[name, row["first_at"]] = {
                "lines": row["lines"],
                "repeats": row["repeats"],
                "gross": money(row["gross"]),
                "discount": money(row["discount"]),
                "refunded": money(row["refunded"]),
                "net": money(charged - row["refunded"]),
                "total": None if total is None else money(total),
                "cancelled": row["cancelled"],
            }
    return rows, {day: money(value) for day, value in net.items()}


def money(value):
    return Decimal(str(value)).quantize(CENT)
