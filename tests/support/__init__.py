"""Code that test modules share: the program under test, services, clients, made-up events, and oracles.

Fixtures are in the `conftest.py` files. No module imports a test module or a `conftest.py` (tests/test_layout.py).
"""
