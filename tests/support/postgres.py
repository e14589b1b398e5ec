"""A PostgreSQL database of one test."""

import psycopg


class Database:
    """A new database on a server."""

    def __init__(self, server, name):
        self.server, self.name = server, name
        server.psql(f"create database {name}")
        self.url = f"postgresql://millrace@127.0.0.1:{server.port}/{name}"

    def rows(self, query, *parameters):
        with psycopg.connect(self.url) as connection:
            connection.execute("set timezone to 'UTC'")
            return connection.execute(query, parameters or None).fetchall()

    def run(self, statement):
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)
