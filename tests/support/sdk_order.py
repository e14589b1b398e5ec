"""The order that the libraries of other products send in the tests, and the rows that must come of it."""

LINES = [
    {"order_id": "o1", "product_id": "p1", "price": 5.0, "quantity": 2, "currency": "EUR"},
    {"order_id": "o1", "product_id": "p2", "price": 7.5, "quantity": 1, "currency": "EUR"},
]
PRODUCTS = [{key: line[key] for key in ("product_id", "price", "quantity")} for line in LINES]


def order_lines(shop):
    return shop.json(
        "sql",
        "select order_id, product_id, price, quantity, currency from silver where event_type = 'purchase' "
        "order by product_id",
    )["rows"]


def check_order(shop):
    """Checks a page, a product and the order; a call that identifies the user is none of them."""
    shop.drain()
    assert shop.count("silver", "event_type") == {"page_view": 1, "view": 1, "purchase": 2}
    assert shop.count("quarantine") == 0, shop.json("quarantine", "list")
    assert order_lines(shop) == LINES
    totals = shop.json(
        "sql", "select sum(coalesce(line_total, price * quantity)) as total from silver where event_type = 'purchase'"
    )
    assert float(totals["rows"][0]["total"]) == 17.5
    shop.verify()
