"""Valid events for tests that choose the fields themselves."""

import json


def event(number, **fields):
    """A valid event as a dictionary."""
    return {
        "event_id": f"e{number}",
        "user_id": f"u{number % 7}",
        "event_type": "view",
        "timestamp": "2019-10-01T00:00:00Z",
        "product_id": "p1",
        "price": 9.5,
        **fields,
    }


def line(number, **fields):
    """A valid event as `key|JSON`, for Millrace.write()."""
    made = event(number, **fields)
    return f"{made['user_id']}|{json.dumps(made)}"


def lines(events):
    """Events as `key|JSON`, for Millrace.write()."""
    return [f"{made.get('user_id') or made['anonymous_id']}|{json.dumps(made)}" for made in events]
