"""Messages as real senders send them, and what a bug, a proxy or an attacker makes of them."""

import json
import random

SENT = {
    "native": [
        b'{"event_id":"e1","user_id":"u1","event_type":"view","timestamp":"2026-03-01T10:00:00Z","product_id":"p1",'
        b'"price":9.99,"page_url":"https://shop.example/p1?utm_source=mail&utm_campaign=%C3%A4"}',
        b'{"user_id":"u2","event_type":"purchase","product_id":"p2","price":"12,50","quantity":1.5,"order_id":7}',
    ],
    "segment": [
        json.dumps(
            {
                "type": "track",
                "event": "Order Completed",
                "anonymousId": "a1",
                "messageId": "m1",
                "originalTimestamp": "2026-03-01T10:00:00.000Z",
                "properties": {
                    "order_id": "o1",
                    "currency": "EUR",
                    "products": [
                        {"product_id": "p1", "price": 5, "quantity": 2},
                        {"sku": "p2", "price": "€ 3,50", "name": "Schuh"},
                    ],
                },
            }
        ).encode(),
        b'{"type":"identify","userId":"u1","messageId":"m2","traits":{"email":"x@example.org"}}',
    ],
    "ga4": [
        b'{"client_id":"1.2","timestamp_micros":1772359200000000,"events":[{"name":"purchase","params":{'
        b'"transaction_id":"T1","value":30,"currency":"EUR","items":[{"item_id":"p1","price":10,"quantity":3}]}},'
        b'{"name":"page_view","params":{"page_location":"https://shop.example/"}}]}',
    ],
    "rees46": [
        b"2019-10-01 00:00:00 UTC,view,44600062,2103807459595387724,,shiseido,35.79,541312140,72d76fde-8bb3-4e00-8c23"
    ],
    "retailrocket": [b"1433221332117,257597,view,355908,"],
}
PIECES = [b'"', b"{", b"}", b"[", b"]", b",", b":", b"\\", b"\\ud800", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"null"]
PIECES += [b"1e999", b"-0", b"9" * 400, b"NaN", b"[" * 200, b"\xf0\x9f\x92\xa9", b"\r", b"\x1b[2J", b'""', b"true"]


def damaged(rng: random.Random, message: bytes) -> bytes:
    """The message with a few bytes changed, removed, repeated or put in."""
    message = bytearray(message)
    for _ in range(rng.randint(0, 4)):
        at = rng.randint(0, len(message))
        match rng.randrange(5):
            case 0:
                message[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                del message[at : at + rng.randint(1, 30)]
            case 2:
                message[at:at] = rng.choice(PIECES)
            case 3:
                message[at:at] = message[at : at + rng.randint(1, 60)]
            case 4:
                del message[at:]
    return bytes(message)


def messages(rng: random.Random, count: int):
    """Yields (format, message) pairs. Some messages are nothing but random bytes."""
    for _ in range(count):
        name = rng.choice(list(SENT))
        if rng.random() < 0.1:
            yield name, rng.randbytes(rng.randint(0, 200))
        else:
            yield name, damaged(rng, rng.choice(SENT[name]))
