-- The tables of orders. Clustered so that what is written together stands together; every index is
-- there because a filter of the API or a timer needs it.

CREATE TABLE payment_order (
    id             BIGINT NOT NULL PRIMARY KEY,
    version        BIGINT NOT NULL,
    buyer_id       VARCHAR(64),
    type           BIGINT NOT NULL,
    market         BIGINT NOT NULL,
    status         BIGINT NOT NULL,
    store_status   BIGINT NOT NULL,
    visible        BIGINT NOT NULL,
    cart           BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    paid_at        BIGINT,
    due_at         BIGINT,
    body           LONGTEXT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX payment_order_buyer ON payment_order (buyer_id, created_at);
CREATE INDEX payment_order_created ON payment_order (created_at);
CREATE INDEX payment_order_updated ON payment_order (updated_at);
CREATE INDEX payment_order_due ON payment_order (due_at);
CREATE INDEX payment_order_status ON payment_order (status, created_at);
CREATE INDEX payment_order_store_status ON payment_order (store_status, created_at);

CREATE TABLE shop_order (
    tree           BIGINT NOT NULL,
    id             BIGINT NOT NULL,
    position       BIGINT NOT NULL,
    shop_id        VARCHAR(64) NOT NULL,
    place          VARCHAR(64) NOT NULL,
    status         BIGINT NOT NULL,
    store_status   BIGINT NOT NULL,
    delivery_status BIGINT,
    refund_status  BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    body           LONGTEXT NOT NULL,
    PRIMARY KEY (tree, id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX shop_order_id ON shop_order (id);
CREATE INDEX shop_order_shop ON shop_order (shop_id, status, created_at, tree);

CREATE TABLE item_order (
    tree           BIGINT NOT NULL,
    id             BIGINT NOT NULL,
    shop_order     BIGINT NOT NULL,
    position       BIGINT NOT NULL,
    sku_id         VARCHAR(64) NOT NULL,
    created_at     BIGINT NOT NULL,
    status         BIGINT,
    body           LONGTEXT NOT NULL,
    PRIMARY KEY (tree, id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX item_order_id ON item_order (id);
CREATE INDEX item_order_sku ON item_order (sku_id, created_at, tree);

-- What is rare and searched for: a tag, a tracking number, an anomaly, an open refund, a place, a channel.
CREATE TABLE order_term (
    term           VARCHAR(160) NOT NULL,
    created_at     BIGINT NOT NULL,
    tree           BIGINT NOT NULL,
    PRIMARY KEY (term, created_at, tree)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE order_operation (
    tree           BIGINT NOT NULL,
    site           BIGINT NOT NULL,
    seq            BIGINT NOT NULL,
    kind           BIGINT NOT NULL,
    node           BIGINT NOT NULL,
    actor_kind     BIGINT NOT NULL,
    actor_id       VARCHAR(64),
    actor_name     VARCHAR(512),
    operator       VARCHAR(96),
    from_status    BIGINT,
    to_status      BIGINT NOT NULL,
    at             BIGINT NOT NULL,
    happened_at    BIGINT,
    parameters     LONGTEXT NOT NULL,
    before_image   LONGTEXT,
    after_image    LONGTEXT,
    remark_en      TEXT,
    remark_cn      TEXT,
    merge_id       VARCHAR(64),
    PRIMARY KEY (tree, site, seq)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX order_operation_at ON order_operation (at);
CREATE INDEX order_operation_kind ON order_operation (kind, at);
CREATE INDEX order_operation_operator ON order_operation (operator, at);

CREATE TABLE order_snapshot (
    tree           BIGINT NOT NULL,
    terms_version  BIGINT NOT NULL,
    at             BIGINT NOT NULL,
    sha256         BINARY(32) NOT NULL,
    body           LONGBLOB NOT NULL,
    PRIMARY KEY (tree, terms_version)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The one table of people's data, sealed.
CREATE TABLE order_person (
    tree           BIGINT NOT NULL PRIMARY KEY,
    key_id         BIGINT NOT NULL,
    sealed         LONGBLOB NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE order_phone (
    last4          BIGINT NOT NULL,
    phone          BIGINT NOT NULL,
    tree           BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    PRIMARY KEY (last4, phone, tree)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE person_reveal (
    id             BIGINT NOT NULL PRIMARY KEY,
    tree           BIGINT NOT NULL,
    reader         VARCHAR(160) NOT NULL,
    at             BIGINT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX person_reveal_tree ON person_reveal (tree);
-- Whose people's data was taken out for good, of how many orders, and by whom.
CREATE TABLE person_forgotten (
    id             BIGINT NOT NULL PRIMARY KEY,
    buyer_id       VARCHAR(192) NOT NULL,
    orders         BIGINT NOT NULL,
    actor          VARCHAR(192) NOT NULL,
    at             BIGINT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What may exist once: client tokens, external ids, payment references.
CREATE TABLE unique_key (
    name           VARCHAR(192) NOT NULL,
    tree           BIGINT NOT NULL,
    fingerprint    BINARY(32),
    PRIMARY KEY (name)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE idempotency (
    hash           BINARY(32) NOT NULL,
    fingerprint    BINARY(32) NOT NULL,
    status         BIGINT NOT NULL,
    tree           BIGINT NOT NULL,
    at             BIGINT NOT NULL,
    PRIMARY KEY (hash)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX idempotency_at ON idempotency (at);

-- What was accepted to be placed later: who asked for what, sealed, until it is known what became of it.
CREATE TABLE placement (
    hash           BINARY(32) NOT NULL,
    fingerprint    BINARY(32) NOT NULL,
    key_id         BIGINT NOT NULL,
    request        LONGBLOB,
    tree           BIGINT,
    reason         LONGTEXT,
    at             BIGINT NOT NULL,
    PRIMARY KEY (hash)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX placement_at ON placement (at);

CREATE TABLE stock (
    sku_id         VARCHAR(64) NOT NULL,
    place          VARCHAR(64) NOT NULL,
    on_hand        BIGINT NOT NULL,
    held           BIGINT NOT NULL,
    PRIMARY KEY (sku_id, place)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE stock_adjustment (
    id             BIGINT NOT NULL PRIMARY KEY,
    sku_id         VARCHAR(64) NOT NULL,
    place          VARCHAR(64) NOT NULL,
    kind           BIGINT NOT NULL,
    quantity       BIGINT NOT NULL,
    on_hand        BIGINT NOT NULL,
    reason         VARCHAR(4096) NOT NULL,
    actor          VARCHAR(160) NOT NULL,
    at             BIGINT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX stock_adjustment_sku ON stock_adjustment (sku_id, place, id);

CREATE TABLE product (
    sku_id         VARCHAR(64) NOT NULL,
    place          VARCHAR(64) NOT NULL,
    currency       VARCHAR(3) NOT NULL,
    price          BIGINT NOT NULL,
    title          VARCHAR(512),
    updated_at     BIGINT NOT NULL,
    PRIMARY KEY (sku_id, place)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE task (
    id             BIGINT NOT NULL PRIMARY KEY,
    kind           VARCHAR(64) NOT NULL,
    -- Of an unfinished task; nobody's once it is done.
    unique_key     VARCHAR(160),
    chain_key      VARCHAR(160),
    priority       BIGINT NOT NULL,
    payload        LONGTEXT NOT NULL,
    state          BIGINT NOT NULL,
    claims         BIGINT NOT NULL,
    attempts       BIGINT NOT NULL,
    max_attempts   BIGINT NOT NULL,
    claimed_by     VARCHAR(64),
    due_at         BIGINT NOT NULL,
    lease_until    BIGINT,
    -- When a worker should look at it next; null where none should.
    run_rank       BIGINT,
    errors         TEXT,
    parked_by      BIGINT,
    -- Since when it needs a person: dead or parked.
    halted_at      BIGINT,
    created_at     BIGINT NOT NULL,
    finished_at    BIGINT
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE UNIQUE INDEX task_unique ON task (unique_key);
CREATE INDEX task_rank ON task (kind, run_rank);
CREATE INDEX task_chain ON task (chain_key, state, id);
CREATE INDEX task_halted ON task (halted_at);

-- The slot that each schedule was last run for.
CREATE TABLE schedule (
    name           VARCHAR(64) NOT NULL,
    slot           BIGINT NOT NULL,
    PRIMARY KEY (name)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Who is told of events. The secret that signs them is sealed like people's data.
CREATE TABLE webhook (
    id             BIGINT NOT NULL PRIMARY KEY,
    url            TEXT NOT NULL,
    events         TEXT NOT NULL,
    key_id         BIGINT NOT NULL,
    secret         BLOB NOT NULL,
    created_at     BIGINT NOT NULL,
    disabled_at    BIGINT,
    why            TEXT
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE account_user (
    id             BIGINT NOT NULL PRIMARY KEY,
    name           VARCHAR(192) NOT NULL UNIQUE,
    role           VARCHAR(32) NOT NULL,
    password       VARCHAR(255) NOT NULL,
    body           TEXT NOT NULL,
    created_at     BIGINT NOT NULL,
    disabled_at    BIGINT
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE account_session (
    hash           BINARY(32) NOT NULL,
    user_id        BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    PRIMARY KEY (hash)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE access_key (
    id             BIGINT NOT NULL PRIMARY KEY,
    name           VARCHAR(192) NOT NULL,
    hash           BINARY(32) NOT NULL UNIQUE,
    body           LONGTEXT NOT NULL,
    created_at     BIGINT NOT NULL,
    revoked_at     BIGINT
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Node numbers, granted and never guessed; `mark` is the tick up to which ids may have been given.
CREATE TABLE node (
    node           BIGINT NOT NULL PRIMARY KEY,
    holder         VARCHAR(160) NOT NULL,
    held_until     BIGINT NOT NULL,
    mark           BIGINT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE setting (
    name           VARCHAR(192) NOT NULL,
    value          VARCHAR(4096) NOT NULL,
    PRIMARY KEY (name)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Runs of those who check the books, and what they found.
CREATE TABLE reconcile_run (
    id             BIGINT NOT NULL PRIMARY KEY,
    asked          TEXT NOT NULL,
    started_at     BIGINT NOT NULL,
    seen_at        BIGINT NOT NULL,
    finished_at    BIGINT,
    orders         BIGINT NOT NULL,
    looked_at      BIGINT NOT NULL,
    error          TEXT
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE finding (
    id             BIGINT NOT NULL PRIMARY KEY,
    run            BIGINT NOT NULL,
    class          VARCHAR(64) NOT NULL,
    tree           BIGINT,
    subject        VARCHAR(512) NOT NULL,
    detail         LONGTEXT NOT NULL,
    state          BIGINT NOT NULL,
    at             BIGINT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX finding_run ON finding (run, id);
CREATE INDEX finding_tree ON finding (tree);
-- Ledgers beside orders: accounts of buyers, effects of orders, gift packs, weigh slips, members.

-- Coins and points of a buyer; of a gift pack how often it may be given, and has been.
CREATE TABLE account (
    owner          VARCHAR(64) NOT NULL,
    ledger         BIGINT NOT NULL,
    currency       VARCHAR(3),
    balance        BIGINT NOT NULL,
    held           BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    PRIMARY KEY (owner, ledger)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE account_adjustment (
    id             BIGINT NOT NULL PRIMARY KEY,
    owner          VARCHAR(64) NOT NULL,
    ledger         BIGINT NOT NULL,
    kind           BIGINT NOT NULL,
    amount         BIGINT NOT NULL,
    balance        BIGINT NOT NULL,
    reason         VARCHAR(4096) NOT NULL,
    actor          VARCHAR(160) NOT NULL,
    at             BIGINT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX account_adjustment_owner ON account_adjustment (owner, ledger, id);

-- What came about by an order, each once: the key is what holds a second one off. `seq` is the row of the log
-- that caused it, `kept` whether the ledger is ours.
CREATE TABLE effect (
    tree           BIGINT NOT NULL,
    effect         VARCHAR(160) NOT NULL,
    ledger         BIGINT NOT NULL,
    kept           BIGINT NOT NULL,
    kind           BIGINT NOT NULL,
    owner          VARCHAR(64),
    amount         BIGINT NOT NULL,
    detail         LONGTEXT,
    seq            BIGINT NOT NULL,
    at             BIGINT NOT NULL,
    PRIMARY KEY (tree, effect)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX effect_owner ON effect (ledger, owner, at);

CREATE TABLE gift_pack (
    pack_id        VARCHAR(64) NOT NULL,
    title          VARCHAR(512) NOT NULL,
    shop_id        VARCHAR(64),
    min_price      BIGINT NOT NULL,
    currency       VARCHAR(3) NOT NULL,
    from_at        BIGINT,
    until_at       BIGINT,
    total          BIGINT,
    active         BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    PRIMARY KEY (pack_id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE gift (
    tree           BIGINT NOT NULL,
    pack_id        VARCHAR(64) NOT NULL,
    owner          VARCHAR(64) NOT NULL,
    title          VARCHAR(512) NOT NULL,
    status         BIGINT NOT NULL,
    issued_at      BIGINT NOT NULL,
    ended_at       BIGINT,
    PRIMARY KEY (tree, pack_id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX gift_owner ON gift (owner, tree);

CREATE TABLE weigh_slip (
    shop_order     BIGINT NOT NULL,
    tree           BIGINT NOT NULL,
    shop_id        VARCHAR(64) NOT NULL,
    place          VARCHAR(64) NOT NULL,
    status         BIGINT NOT NULL,
    slip_lines     LONGTEXT NOT NULL,
    created_at     BIGINT NOT NULL,
    changed_at     BIGINT NOT NULL,
    PRIMARY KEY (shop_order)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX weigh_slip_status ON weigh_slip (status, shop_order);
CREATE INDEX weigh_slip_place ON weigh_slip (place, status, shop_order);

CREATE TABLE member (
    buyer_id       VARCHAR(64) NOT NULL,
    level          VARCHAR(64) NOT NULL,
    joined_at      BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    PRIMARY KEY (buyer_id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
-- What gateways said of attempts and refunds, beside the trees; and every callback that came.
CREATE TABLE gateway_payment (
    attempt        BIGINT NOT NULL PRIMARY KEY,
    tree           BIGINT NOT NULL,
    gateway        VARCHAR(64) NOT NULL,
    state          VARCHAR(32) NOT NULL,
    reference      VARCHAR(192),
    pay_url        TEXT,
    trouble        TEXT,
    at             BIGINT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX gateway_payment_tree ON gateway_payment (tree);
CREATE TABLE gateway_refund (
    refund         BIGINT NOT NULL,
    payment        BIGINT NOT NULL,
    tree           BIGINT NOT NULL,
    gateway        VARCHAR(64) NOT NULL,
    amount         BIGINT NOT NULL,
    try_no         BIGINT NOT NULL,
    round          BIGINT NOT NULL,
    round_from     BIGINT NOT NULL,
    state          VARCHAR(32) NOT NULL,
    reference      VARCHAR(192),
    trouble        TEXT,
    at             BIGINT NOT NULL,
    PRIMARY KEY (refund, payment)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE gateway_callback (
    id             BIGINT NOT NULL PRIMARY KEY,
    gateway        VARCHAR(64) NOT NULL,
    came_at        BIGINT NOT NULL,
    about          VARCHAR(32) NOT NULL,
    about_key      VARCHAR(192) NOT NULL,
    told           VARCHAR(32) NOT NULL,
    verdict        VARCHAR(64) NOT NULL,
    tree           BIGINT
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX gateway_callback_came ON gateway_callback (came_at);
-- What left for the archive: one row an object, which objects hold rows of a tree, the orders that left whole
-- with the numbers of their nodes, and what was brought back and stays until then.
CREATE TABLE archive_segment (
    id             BIGINT NOT NULL PRIMARY KEY,
    kind           BIGINT NOT NULL,
    name           VARCHAR(255) NOT NULL,
    from_at        BIGINT NOT NULL,
    to_at          BIGINT NOT NULL,
    trees          BIGINT NOT NULL,
    entries        BIGINT NOT NULL,
    bytes          BIGINT NOT NULL,
    sha256         BINARY(32) NOT NULL,
    state          BIGINT NOT NULL,
    away           BIGINT NOT NULL,
    created_at     BIGINT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE archive_tree (
    tree           BIGINT NOT NULL,
    segment        BIGINT NOT NULL,
    PRIMARY KEY (tree, segment)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX archive_tree_segment ON archive_tree (segment);
CREATE TABLE archive_order (
    tree           BIGINT NOT NULL PRIMARY KEY,
    segment        BIGINT NOT NULL,
    buyer_id       VARCHAR(64)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX archive_order_buyer ON archive_order (buyer_id, tree);
CREATE TABLE archive_node (
    id             BIGINT NOT NULL PRIMARY KEY,
    tree           BIGINT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX archive_node_tree ON archive_node (tree);
CREATE TABLE archive_hold (
    tree           BIGINT NOT NULL PRIMARY KEY,
    until_at       BIGINT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Coupons: what each is, how often it is used in all, by whom and on which day, and the book of changes by hand.
CREATE TABLE coupon (
    code           VARCHAR(64) NOT NULL,
    version        BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    body           TEXT NOT NULL,
    PRIMARY KEY (code)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE coupon_count (
    scope_key      VARCHAR(160) NOT NULL,
    used           BIGINT NOT NULL,
    redeemed       BIGINT NOT NULL,
    PRIMARY KEY (scope_key)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE coupon_adjustment (
    id             BIGINT NOT NULL PRIMARY KEY,
    code           VARCHAR(64) NOT NULL,
    delta          BIGINT,
    active         BIGINT,
    reason         VARCHAR(4096) NOT NULL,
    actor          VARCHAR(160) NOT NULL,
    at             BIGINT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX coupon_adjustment_code ON coupon_adjustment (code, id);
