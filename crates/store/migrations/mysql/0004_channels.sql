-- Marketplace shops.

-- Section: shops.
-- A shop of a marketplace. What is not searched stands in `body`. Secrets are sealed.
CREATE TABLE channel_shop (
    id             BIGINT NOT NULL PRIMARY KEY,
    version        BIGINT NOT NULL,
    channel        VARCHAR(64) NOT NULL,
    name           VARCHAR(255) NOT NULL,
    app_key        VARCHAR(255) NOT NULL,
    secret_key_id  BIGINT NOT NULL,
    secret         BLOB NOT NULL,
    token_key_id   BIGINT,
    token          BLOB,
    created_at     BIGINT NOT NULL,
    body           MEDIUMTEXT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Section: orders.
-- What a marketplace told of an order, beside the tree that was made of it.
CREATE TABLE channel_order (
    shop           BIGINT NOT NULL,
    number         VARCHAR(64) NOT NULL,
    -- None while it is kept aside.
    tree           BIGINT,
    -- The marketplace's own code.
    status         VARCHAR(64) NOT NULL,
    created_at     BIGINT,
    updated_at     BIGINT,
    -- When it was first seen, and when what it holds now was read, by the marketplace's clock.
    seen_at        BIGINT NOT NULL,
    read_at        BIGINT NOT NULL,
    -- 0 where no list has it, though it can be read by its number.
    listed         BIGINT NOT NULL,
    -- A fingerprint of what was read.
    fingerprint    BIGINT NOT NULL,
    packages       BIGINT NOT NULL,
    looks          BIGINT NOT NULL,
    tries          BIGINT NOT NULL,
    wait_since     BIGINT,
    next_look_at   BIGINT,
    note           MEDIUMTEXT,
    -- As it was told, without personal data, zstd.
    payload        MEDIUMBLOB NOT NULL,
    PRIMARY KEY (shop, number)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX channel_order_created ON channel_order (shop, created_at, status, packages, listed);
CREATE INDEX channel_order_look ON channel_order (shop, next_look_at);

-- Section: runs.
-- Windows of time that were read whole, and those that were not.
CREATE TABLE channel_window (
    shop           BIGINT NOT NULL,
    series         BIGINT NOT NULL,
    from_at        BIGINT NOT NULL,
    to_at          BIGINT NOT NULL,
    state          BIGINT NOT NULL,
    theirs         BIGINT,
    ours           BIGINT NOT NULL,
    run            BIGINT NOT NULL,
    at             BIGINT NOT NULL,
    tries          BIGINT NOT NULL,
    next_try_at    BIGINT,
    reason         MEDIUMTEXT,
    PRIMARY KEY (shop, series, from_at, to_at)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
-- Runs; one that has not ended has its name, so that there is one a shop and stream.
CREATE TABLE channel_run (
    id             BIGINT NOT NULL PRIMARY KEY,
    shop           BIGINT NOT NULL,
    stream         BIGINT NOT NULL,
    mode           BIGINT NOT NULL,
    state          BIGINT NOT NULL,
    active         VARCHAR(64),
    -- Who has it counts up: who had it before changes nothing.
    fence          BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    started_at     BIGINT,
    ended_at       BIGINT,
    body           MEDIUMTEXT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE UNIQUE INDEX channel_run_active ON channel_run (active);
CREATE INDEX channel_run_shop ON channel_run (shop, stream, id);
-- Calls to marketplaces, counted by each process.
CREATE TABLE channel_call (
    channel        VARCHAR(64) NOT NULL,
    hour           BIGINT NOT NULL,
    process        VARCHAR(64) NOT NULL,
    calls          BIGINT NOT NULL,
    failed         BIGINT NOT NULL,
    throttled      BIGINT NOT NULL,
    PRIMARY KEY (channel, hour, process)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Section: pushes.
-- What marketplaces told by themselves; written before it is acknowledged, read back afterwards.
CREATE TABLE channel_push (
    id             BIGINT NOT NULL PRIMARY KEY,
    channel        VARCHAR(64) NOT NULL,
    push_key       VARCHAR(255) NOT NULL,
    shop           BIGINT NOT NULL,
    number         VARCHAR(64),
    kind           VARCHAR(64) NOT NULL,
    came_at        BIGINT NOT NULL,
    done_at        BIGINT,
    payload        MEDIUMTEXT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE UNIQUE INDEX channel_push_key ON channel_push (channel, push_key);
CREATE INDEX channel_push_waiting ON channel_push (shop, done_at, id);

-- Section: tasks.
-- What a task is about, such as a shop.
ALTER TABLE task ADD COLUMN subject VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX task_subject ON task (subject, id);

-- Section: alerts.
-- What is or was wrong, of each kind and subject one at a time. What is not searched stands in `body`.
CREATE TABLE alert (
    id              BIGINT NOT NULL PRIMARY KEY,
    kind            BIGINT NOT NULL,
    subject         VARCHAR(255) NOT NULL,
    -- Its name while it is open.
    open_name       VARCHAR(300),
    severity        BIGINT NOT NULL,
    opened_at       BIGINT NOT NULL,
    seen_at         BIGINT NOT NULL,
    told_at         BIGINT,
    told            BIGINT NOT NULL,
    closed_at       BIGINT,
    acknowledged_at BIGINT,
    acknowledged_by VARCHAR(160),
    silenced_until  BIGINT,
    body            MEDIUMTEXT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE UNIQUE INDEX alert_open ON alert (open_name);
CREATE INDEX alert_silenced ON alert (silenced_until);
-- Processes that run tasks, with their last sign of life; one that stops in order takes its row out.
CREATE TABLE worker (
    process         VARCHAR(64) NOT NULL,
    host            VARCHAR(255) NOT NULL,
    started_at      BIGINT NOT NULL,
    seen_at         BIGINT NOT NULL,
    body            MEDIUMTEXT NOT NULL,
    PRIMARY KEY (process)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
-- Tries of tasks by the hour, counted by each process.
CREATE TABLE task_count (
    hour            BIGINT NOT NULL,
    kind            VARCHAR(64) NOT NULL,
    process         VARCHAR(64) NOT NULL,
    done            BIGINT NOT NULL,
    failed          BIGINT NOT NULL,
    PRIMARY KEY (hour, kind, process)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
-- When the marketplace of a shop last pushed.
CREATE INDEX channel_push_came ON channel_push (shop, came_at);
-- Windows that are tried again: gaps alone have a time for that.
CREATE INDEX channel_window_gap ON channel_window (shop, next_try_at);

-- Section: products.
-- What a marketplace told of a product. A row changes only with what is told.
CREATE TABLE channel_product (
    shop           BIGINT NOT NULL,
    number         VARCHAR(64) NOT NULL,
    -- The list it stands in, and their own word of its state.
    bucket         VARCHAR(64) NOT NULL,
    status         VARCHAR(64),
    -- Of all that was told.
    fingerprint    BIGINT NOT NULL,
    -- When it was first seen, when what it holds now was read, and since when no list has it; by the marketplace's clock.
    seen_at        BIGINT NOT NULL,
    read_at        BIGINT NOT NULL,
    gone_at        BIGINT,
    -- What is not searched: title, code, picture, price, quantity, SKUs.
    body           MEDIUMTEXT NOT NULL,
    -- As it was told, zstd.
    payload        MEDIUMBLOB NOT NULL,
    PRIMARY KEY (shop, number)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Section: stock.
-- What is short is found without looking at what is not.
ALTER TABLE stock ADD COLUMN short BIGINT AS (CASE WHEN on_hand < held THEN 1 END) VIRTUAL;
CREATE INDEX stock_short ON stock (short, sku_id, place);
-- Which SKU of ours a code of a marketplace is, where it is taken from, and how much of it one piece takes.
CREATE TABLE channel_sku (
    shop           BIGINT NOT NULL,
    code           VARCHAR(255) NOT NULL,
    sku_id         VARCHAR(255) NOT NULL,
    place          VARCHAR(255) NOT NULL,
    per_piece      BIGINT NOT NULL,
    at             BIGINT NOT NULL,
    actor          VARCHAR(255) NOT NULL,
    PRIMARY KEY (shop, code)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
-- Sales that wait for a code to be mapped.
CREATE TABLE channel_unmapped (
    shop           BIGINT NOT NULL,
    code           VARCHAR(255) NOT NULL,
    tree           BIGINT NOT NULL,
    title          MEDIUMTEXT,
    at             BIGINT NOT NULL,
    PRIMARY KEY (shop, code, tree)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
