-- Gold's tables in PostgreSQL 15 or later. Each table has the columns of the Delta table of the same name
-- (docs/metrics.md) and the column `closed`, which is false in rows of open windows. Such rows change until
-- the window closes.

CREATE TABLE shop (
    silver_id text NOT NULL  -- id of the silver table from which Gold is computed
);

-- The progress of each table. The transaction that writes the rows also writes the progress.
CREATE TABLE progress (
    table_name text PRIMARY KEY,
    table_id text NOT NULL,           -- id of the Delta table
    delta_version bigint NOT NULL,    -- newest version of the Delta table whose commits are published here
    silver_version bigint NOT NULL,   -- version of Silver that the rows are computed from
    updated_at timestamptz NOT NULL
);

CREATE TABLE product_metrics (
    "window" text NOT NULL,
    window_start timestamptz NOT NULL,
    window_end timestamptz NOT NULL,
    product_id text NOT NULL,
    product_category text,
    currency text NOT NULL,
    views bigint NOT NULL,
    carts bigint NOT NULL,
    purchases bigint NOT NULL,
    users bigint NOT NULL,
    revenue numeric(38, 4) NOT NULL,
    cart_rate double precision,
    purchase_rate double precision,
    day date NOT NULL,
    closed boolean NOT NULL,
    UNIQUE NULLS NOT DISTINCT ("window", window_start, product_id, product_category, currency)
);
CREATE INDEX product_metrics_by_time ON product_metrics (window_start);
CREATE INDEX product_metrics_by_product ON product_metrics (product_id, window_start);

CREATE TABLE category_metrics (
    window_start timestamptz NOT NULL,
    window_end timestamptz NOT NULL,
    product_category text,
    currency text NOT NULL,
    views bigint NOT NULL,
    carts bigint NOT NULL,
    purchases bigint NOT NULL,
    users bigint NOT NULL,
    revenue numeric(38, 4) NOT NULL,
    cart_rate double precision,
    purchase_rate double precision,
    day date NOT NULL,
    closed boolean NOT NULL,
    UNIQUE NULLS NOT DISTINCT (window_start, product_category, currency)
);

CREATE TABLE device_metrics (
    window_start timestamptz NOT NULL,
    window_end timestamptz NOT NULL,
    device_type text,
    currency text NOT NULL,
    views bigint NOT NULL,
    carts bigint NOT NULL,
    purchases bigint NOT NULL,
    users bigint NOT NULL,
    revenue numeric(38, 4) NOT NULL,
    cart_rate double precision,
    purchase_rate double precision,
    day date NOT NULL,
    closed boolean NOT NULL,
    UNIQUE NULLS NOT DISTINCT (window_start, device_type, currency)
);

CREATE TABLE kpis (
    grain text NOT NULL,
    window_start timestamptz NOT NULL,
    window_end timestamptz NOT NULL,
    currency text NOT NULL,
    events bigint NOT NULL,
    active_users bigint NOT NULL,
    sessions bigint NOT NULL,
    orders bigint NOT NULL,
    items bigint NOT NULL,
    gross_revenue numeric(38, 4) NOT NULL,
    net_revenue numeric(38, 4) NOT NULL,
    average_order_value double precision,
    conversion double precision,
    revenue_per_visitor double precision,
    day date NOT NULL,
    closed boolean NOT NULL,
    UNIQUE (grain, window_start, currency)
);

CREATE TABLE funnel (
    grain text NOT NULL,
    window_start timestamptz NOT NULL,
    window_end timestamptz NOT NULL,
    sessions bigint NOT NULL,
    sessions_viewed bigint NOT NULL,
    sessions_carted bigint NOT NULL,
    sessions_purchased bigint NOT NULL,
    users_viewed bigint NOT NULL,
    users_carted bigint NOT NULL,
    users_purchased bigint NOT NULL,
    drop_off_to_cart double precision,
    drop_off_to_purchase double precision,
    median_view_to_cart_s bigint,
    median_cart_to_purchase_s bigint,
    views bigint NOT NULL,
    carts bigint NOT NULL,
    purchases bigint NOT NULL,
    carts_per_view double precision,
    purchases_per_cart double precision,
    day date NOT NULL,
    closed boolean NOT NULL,
    UNIQUE (grain, window_start)
);

CREATE TABLE sessions (
    user_id text NOT NULL,
    session_id text,
    session_start timestamptz NOT NULL,
    session_end timestamptz NOT NULL,
    duration_ms bigint NOT NULL,
    events bigint NOT NULL,
    products bigint NOT NULL,
    entry_page text,
    exit_page text,
    device_type text,
    views bigint NOT NULL,
    carts bigint NOT NULL,
    purchases bigint NOT NULL,
    currency text,
    revenue numeric(38, 4),
    bounced boolean NOT NULL,
    converted boolean NOT NULL,
    abandoned_cart boolean NOT NULL,
    abandoned_value numeric(38, 4),
    day date NOT NULL,
    closed boolean NOT NULL,
    UNIQUE NULLS NOT DISTINCT (user_id, session_id, session_start)
);
CREATE INDEX sessions_by_start ON sessions (session_start);

CREATE TABLE users (
    user_id text NOT NULL,
    currency text NOT NULL,
    first_seen timestamptz NOT NULL,
    last_seen timestamptz NOT NULL,
    events bigint NOT NULL,
    views bigint NOT NULL,
    carts bigint NOT NULL,
    purchases bigint NOT NULL,
    orders bigint NOT NULL,
    items bigint NOT NULL,
    gross_spend numeric(38, 4) NOT NULL,
    net_spend numeric(38, 4) NOT NULL,
    day date NOT NULL,
    closed boolean NOT NULL,
    UNIQUE (user_id, currency, day)
);

CREATE TABLE high_interest (
    grain text NOT NULL,
    window_start timestamptz NOT NULL,
    window_end timestamptz NOT NULL,
    product_id text NOT NULL,
    views bigint NOT NULL,
    purchases bigint NOT NULL,
    share_of_views double precision NOT NULL,
    conversion double precision,
    conversion_upper double precision NOT NULL,
    day date NOT NULL,
    closed boolean NOT NULL,
    UNIQUE (grain, window_start, product_id)
);

CREATE TABLE alerts (
    sequence bigint NOT NULL UNIQUE,
    alert_id text NOT NULL,
    rule text NOT NULL,
    subject text,
    state text NOT NULL,
    severity text NOT NULL,
    at timestamptz NOT NULL,
    started_at timestamptz NOT NULL,
    value double precision NOT NULL,
    threshold double precision NOT NULL,
    message text NOT NULL,
    day date NOT NULL,
    closed boolean NOT NULL
);

-- The rows of open windows are replaced as a whole, so an index finds them.
CREATE INDEX product_metrics_open ON product_metrics (closed) WHERE NOT closed;
CREATE INDEX category_metrics_open ON category_metrics (closed) WHERE NOT closed;
CREATE INDEX device_metrics_open ON device_metrics (closed) WHERE NOT closed;
CREATE INDEX kpis_open ON kpis (closed) WHERE NOT closed;
CREATE INDEX funnel_open ON funnel (closed) WHERE NOT closed;
CREATE INDEX high_interest_open ON high_interest (closed) WHERE NOT closed;
