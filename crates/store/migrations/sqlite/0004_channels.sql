-- Marketplace shops.

-- Section: shops.
-- A shop of a marketplace. What is not searched stands in `body`. Secrets are sealed.
CREATE TABLE channel_shop (
    id             INTEGER PRIMARY KEY,
    version        INTEGER NOT NULL,
    channel        TEXT NOT NULL,
    name           TEXT NOT NULL,
    app_key        TEXT NOT NULL,
    secret_key_id  INTEGER NOT NULL,
    secret         BLOB NOT NULL,
    token_key_id   INTEGER,
    token          BLOB,
    created_at     INTEGER NOT NULL,
    body           TEXT NOT NULL
) STRICT;

-- Section: orders.
-- What a marketplace told of an order, beside the tree that was made of it.
CREATE TABLE channel_order (
    shop           INTEGER NOT NULL,
    number         TEXT NOT NULL,
    -- None while it is kept aside.
    tree           INTEGER,
    -- The marketplace's own code.
    status         TEXT NOT NULL,
    created_at     INTEGER,
    updated_at     INTEGER,
    -- When it was first seen, and when what it holds now was read, by the marketplace's clock.
    seen_at        INTEGER NOT NULL,
    read_at        INTEGER NOT NULL,
    -- 0 where no list has it, though it can be read by its number.
    listed         INTEGER NOT NULL,
    -- A fingerprint of what was read.
    fingerprint    INTEGER NOT NULL,
    packages       INTEGER NOT NULL,
    looks          INTEGER NOT NULL,
    tries          INTEGER NOT NULL,
    wait_since     INTEGER,
    next_look_at   INTEGER,
    note           TEXT,
    -- As it was told, without personal data, zstd.
    payload        BLOB NOT NULL,
    PRIMARY KEY (shop, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX channel_order_created ON channel_order (shop, created_at, status, packages, listed);
CREATE INDEX channel_order_look ON channel_order (shop, next_look_at) WHERE next_look_at IS NOT NULL;

-- Section: runs.
-- Windows of time that were read whole, and those that were not.
CREATE TABLE channel_window (
    shop           INTEGER NOT NULL,
    series         INTEGER NOT NULL,
    from_at        INTEGER NOT NULL,
    to_at          INTEGER NOT NULL,
    state          INTEGER NOT NULL,
    theirs         INTEGER,
    ours           INTEGER NOT NULL,
    run            INTEGER NOT NULL,
    at             INTEGER NOT NULL,
    tries          INTEGER NOT NULL,
    next_try_at    INTEGER,
    reason         TEXT,
    PRIMARY KEY (shop, series, from_at, to_at)
) STRICT, WITHOUT ROWID;
-- Runs; one that has not ended has its name, so that there is one a shop and stream.
CREATE TABLE channel_run (
    id             INTEGER PRIMARY KEY,
    shop           INTEGER NOT NULL,
    stream         INTEGER NOT NULL,
    mode           INTEGER NOT NULL,
    state          INTEGER NOT NULL,
    active         TEXT,
    -- Who has it counts up: who had it before changes nothing.
    fence          INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    started_at     INTEGER,
    ended_at       INTEGER,
    body           TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX channel_run_active ON channel_run (active) WHERE active IS NOT NULL;
CREATE INDEX channel_run_shop ON channel_run (shop, stream, id);
-- Calls to marketplaces, counted by each process.
CREATE TABLE channel_call (
    channel        TEXT NOT NULL,
    hour           INTEGER NOT NULL,
    process        TEXT NOT NULL,
    calls          INTEGER NOT NULL,
    failed         INTEGER NOT NULL,
    throttled      INTEGER NOT NULL,
    PRIMARY KEY (channel, hour, process)
) STRICT, WITHOUT ROWID;

-- Section: pushes.
-- What marketplaces told by themselves; written before it is acknowledged, read back afterwards.
CREATE TABLE channel_push (
    id             INTEGER PRIMARY KEY,
    channel        TEXT NOT NULL,
    push_key       TEXT NOT NULL,
    shop           INTEGER NOT NULL,
    number         TEXT,
    kind           TEXT NOT NULL,
    came_at        INTEGER NOT NULL,
    done_at        INTEGER,
    payload        TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX channel_push_key ON channel_push (channel, push_key);
CREATE INDEX channel_push_waiting ON channel_push (shop, id) WHERE done_at IS NULL;

-- Section: tasks.
-- What a task is about, such as a shop.
ALTER TABLE task ADD COLUMN subject TEXT;
CREATE INDEX task_subject ON task (subject, id) WHERE subject IS NOT NULL;

-- Section: alerts.
-- What is or was wrong, of each kind and subject one at a time. What is not searched stands in `body`.
CREATE TABLE alert (
    id              INTEGER PRIMARY KEY,
    kind            INTEGER NOT NULL,
    subject         TEXT NOT NULL,
    -- Its name while it is open.
    open_name       TEXT,
    severity        INTEGER NOT NULL,
    opened_at       INTEGER NOT NULL,
    seen_at         INTEGER NOT NULL,
    told_at         INTEGER,
    told            INTEGER NOT NULL,
    closed_at       INTEGER,
    acknowledged_at INTEGER,
    acknowledged_by TEXT,
    silenced_until  INTEGER,
    body            TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX alert_open ON alert (open_name) WHERE open_name IS NOT NULL;
CREATE INDEX alert_silenced ON alert (silenced_until) WHERE silenced_until IS NOT NULL;
-- Processes that run tasks, with their last sign of life; one that stops in order takes its row out.
CREATE TABLE worker (
    process         TEXT NOT NULL,
    host            TEXT NOT NULL,
    started_at      INTEGER NOT NULL,
    seen_at         INTEGER NOT NULL,
    body            TEXT NOT NULL,
    PRIMARY KEY (process)
) STRICT, WITHOUT ROWID;
-- Tries of tasks by the hour, counted by each process.
CREATE TABLE task_count (
    hour            INTEGER NOT NULL,
    kind            TEXT NOT NULL,
    process         TEXT NOT NULL,
    done            INTEGER NOT NULL,
    failed          INTEGER NOT NULL,
    PRIMARY KEY (hour, kind, process)
) STRICT, WITHOUT ROWID;
-- When the marketplace of a shop last pushed.
CREATE INDEX channel_push_came ON channel_push (shop, came_at);
-- Windows that are tried again: gaps alone have a time for that.
CREATE INDEX channel_window_gap ON channel_window (shop, to_at) WHERE next_try_at IS NOT NULL;

-- Section: products.
-- What a marketplace told of a product. A row changes only with what is told.
CREATE TABLE channel_product (
    shop           INTEGER NOT NULL,
    number         TEXT NOT NULL,
    -- The list it stands in, and their own word of its state.
    bucket         TEXT NOT NULL,
    status         TEXT,
    -- Of all that was told.
    fingerprint    INTEGER NOT NULL,
    -- When it was first seen, when what it holds now was read, and since when no list has it; by the marketplace's clock.
    seen_at        INTEGER NOT NULL,
    read_at        INTEGER NOT NULL,
    gone_at        INTEGER,
    -- What is not searched: title, code, picture, price, quantity, SKUs.
    body           TEXT NOT NULL,
    -- As it was told, zstd.
    payload        BLOB NOT NULL,
    PRIMARY KEY (shop, number)
) STRICT, WITHOUT ROWID;

-- Section: stock.
-- What is short is found without looking at what is not.
CREATE INDEX stock_short ON stock (sku_id, place) WHERE on_hand < held;
-- Which SKU of ours a code of a marketplace is, where it is taken from, and how much of it one piece takes.
CREATE TABLE channel_sku (
    shop           INTEGER NOT NULL,
    code           TEXT NOT NULL,
    sku_id         TEXT NOT NULL,
    place          TEXT NOT NULL,
    per_piece      INTEGER NOT NULL,
    at             INTEGER NOT NULL,
    actor          TEXT NOT NULL,
    PRIMARY KEY (shop, code)
) STRICT, WITHOUT ROWID;
-- Sales that wait for a code to be mapped.
CREATE TABLE channel_unmapped (
    shop           INTEGER NOT NULL,
    code           TEXT NOT NULL,
    tree           INTEGER NOT NULL,
    title          TEXT,
    at             INTEGER NOT NULL,
    PRIMARY KEY (shop, code, tree)
) STRICT, WITHOUT ROWID;
