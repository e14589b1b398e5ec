"""Orders of a random shop, against a model in Python that knows only what was sent."""

import datetime
import random
from decimal import Decimal

import pytest

from tests.support import delta, gold_oracle
from tests.support.arrival import process_shuffled
from tests.support.events import event
from tests.support.order_model import orders_of

START = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)


class Shop:
    """Customers who buy, load the thank-you page again, send back, and cancel, over some months."""

    def __init__(self, seed, days):
        self.chance = random.Random(seed)
        self.sent = []
        for number in range(40):
            self.order(f"o{number}" if number % 10 else self.chance.choice(["undefined", "0"]), days)
        self.sent += self.chance.sample(self.sent, len(self.sent) // 5)  # the same messages once more

    def order(self, name, days):
        chance = self.chance
        bought = START + datetime.timedelta(days=chance.uniform(0, days))
        amounts = {
            field: round(chance.uniform(0, 30), 2)
            for field in ("order_total", "order_discount", "order_shipping")
            if chance.random() < 0.3
        }
        products = [
            (f"p{chance.randrange(4)}", round(chance.uniform(1, 99), 2), chance.randrange(1, 4)) for _ in range(3)
        ]
        for copy in range(chance.choice([1, 1, 2, 3])):
            at = bought + datetime.timedelta(days=copy * chance.choice([0.001, 0.5, 20, 35]))
            for place, (product, price, quantity) in enumerate(products):
                number = 1 + sum(each[0] == product for each in products[:place])
                self.send(
                    name,
                    "purchase",
                    at,
                    product_id=product,
                    price=price,
                    quantity=quantity,
                    line_number=number,
                    **amounts,
                )
        for kind in chance.choices(["refund", "order_cancelled"], k=chance.choice([0, 0, 1, 2])):
            at = bought + datetime.timedelta(days=chance.choice([-0.1, 0.2, 3, 28, 60, 120]))
            self.send(name, kind, at, product_id="p1", price=round(chance.uniform(1, 50), 2))

    def send(self, name, kind, at, **fields):
        time = at.isoformat(timespec="microseconds")
        user = f"u{self.chance.randrange(9)}"
        self.sent.append(event(len(self.sent), event_type=kind, order_id=name, user_id=user, timestamp=time, **fields))


@pytest.mark.parametrize(
    "seed", [1, 2, pytest.param(3, marks=pytest.mark.long), pytest.param(4, marks=pytest.mark.long)]
)
def test_orders_are_what_was_sent_in_any_order_of_arrival(shop, seed):
    made = Shop(seed, days=60).sent
    process_shuffled(shop, made, seed, end=START + datetime.timedelta(days=400))
    rows, net = orders_of(made)
    found = {
        (row["order_id"], row["first_at"]): {name: row[name] for name in next(iter(rows.values()))}
        for row in delta.rows(shop.data / "gold" / "orders").to_pylist()
    }
    assert found == rows
    days = delta.rows(shop.data / "gold" / "kpis").to_pylist()
    by_day = {row["day"]: row["net_revenue"] for row in days if row["grain"] == "day" and row["day"] in net}
    assert shop.json("gold", "reconcile")["differences"] == []
    gold_oracle.check(shop.data, where="day < '2025-01-01'")
    shop.verify()
    assert by_day == {day: value.quantize(Decimal("0.0001")) for day, value in net.items()}
