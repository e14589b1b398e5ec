-- One row for each order.
CREATE TABLE orders (
    order_id text NOT NULL,
    user_id text NOT NULL,
    session_id text,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    currency text NOT NULL,
    lines bigint NOT NULL,
    items bigint NOT NULL,
    gross numeric(38, 4) NOT NULL,
    discount numeric(38, 4) NOT NULL,
    shipping numeric(38, 4),
    tax numeric(38, 4),
    total numeric(38, 4),
    refunded numeric(38, 4) NOT NULL,
    net numeric(38, 4) NOT NULL,
    repeats bigint NOT NULL,
    refused_lines bigint NOT NULL,
    missing numeric(38, 4),
    complete boolean NOT NULL,
    cancelled boolean NOT NULL,
    over_refunded boolean NOT NULL,
    day date NOT NULL,
    closed boolean NOT NULL
);
CREATE UNIQUE INDEX orders_key ON orders (text_key(order_id), first_at);
CREATE INDEX orders_by_time ON orders (first_at);
CREATE INDEX orders_open ON orders (closed) WHERE NOT closed;
