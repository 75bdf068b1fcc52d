-- The tables of orders. Clustered so that what is written together stands together; every index is
-- there because a filter of the API or a timer needs it.

CREATE TABLE payment_order (
    id             INTEGER PRIMARY KEY,
    version        INTEGER NOT NULL,
    buyer_id       TEXT,
    type           INTEGER NOT NULL,
    market         INTEGER NOT NULL,
    status         INTEGER NOT NULL,
    store_status   INTEGER NOT NULL,
    visible        INTEGER NOT NULL,
    cart           INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    paid_at        INTEGER,
    due_at         INTEGER,
    body           TEXT NOT NULL
) STRICT;
CREATE INDEX payment_order_buyer ON payment_order (buyer_id, created_at) WHERE buyer_id IS NOT NULL;
CREATE INDEX payment_order_created ON payment_order (created_at);
CREATE INDEX payment_order_updated ON payment_order (updated_at);
CREATE INDEX payment_order_due ON payment_order (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX payment_order_status ON payment_order (status, created_at);
CREATE INDEX payment_order_store_status ON payment_order (store_status, created_at);

CREATE TABLE shop_order (
    tree           INTEGER NOT NULL,
    id             INTEGER NOT NULL,
    position       INTEGER NOT NULL,
    shop_id        TEXT NOT NULL,
    place          TEXT NOT NULL,
    status         INTEGER NOT NULL,
    store_status   INTEGER NOT NULL,
    delivery_status INTEGER,
    refund_status  INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    body           TEXT NOT NULL,
    PRIMARY KEY (tree, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX shop_order_id ON shop_order (id);
CREATE INDEX shop_order_shop ON shop_order (shop_id, status, created_at, tree);

CREATE TABLE item_order (
    tree           INTEGER NOT NULL,
    id             INTEGER NOT NULL,
    shop_order     INTEGER NOT NULL,
    position       INTEGER NOT NULL,
    sku_id         TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    status         INTEGER,
    body           TEXT NOT NULL,
    PRIMARY KEY (tree, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX item_order_id ON item_order (id);
CREATE INDEX item_order_sku ON item_order (sku_id, created_at, tree);

-- What is rare and searched for: a tag, a tracking number, an anomaly, an open refund, a place, a channel.
CREATE TABLE order_term (
    term           TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    tree           INTEGER NOT NULL,
    PRIMARY KEY (term, created_at, tree)
) STRICT, WITHOUT ROWID;

CREATE TABLE order_operation (
    tree           INTEGER NOT NULL,
    site           INTEGER NOT NULL,
    seq            INTEGER NOT NULL,
    kind           INTEGER NOT NULL,
    node           INTEGER NOT NULL,
    actor_kind     INTEGER NOT NULL,
    actor_id       TEXT,
    actor_name     TEXT,
    operator       TEXT,
    from_status    INTEGER,
    to_status      INTEGER NOT NULL,
    at             INTEGER NOT NULL,
    happened_at    INTEGER,
    parameters     TEXT NOT NULL,
    before_image   TEXT,
    after_image    TEXT,
    remark_en      TEXT,
    remark_cn      TEXT,
    merge_id       TEXT,
    PRIMARY KEY (tree, site, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX order_operation_at ON order_operation (at);
CREATE INDEX order_operation_kind ON order_operation (kind, at);
CREATE INDEX order_operation_operator ON order_operation (operator, at) WHERE operator IS NOT NULL;

CREATE TABLE order_snapshot (
    tree           INTEGER NOT NULL,
    terms_version  INTEGER NOT NULL,
    at             INTEGER NOT NULL,
    sha256         BLOB NOT NULL,
    body           BLOB NOT NULL,
    PRIMARY KEY (tree, terms_version)
) STRICT, WITHOUT ROWID;

-- The one table of people's data, sealed.
CREATE TABLE order_person (
    tree           INTEGER PRIMARY KEY,
    key_id         INTEGER NOT NULL,
    sealed         BLOB NOT NULL
) STRICT;
CREATE TABLE order_phone (
    last4          INTEGER NOT NULL,
    phone          INTEGER NOT NULL,
    tree           INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    PRIMARY KEY (last4, phone, tree)
) STRICT, WITHOUT ROWID;
CREATE TABLE person_reveal (
    id             INTEGER PRIMARY KEY,
    tree           INTEGER NOT NULL,
    reader         TEXT NOT NULL,
    at             INTEGER NOT NULL
) STRICT;
CREATE INDEX person_reveal_tree ON person_reveal (tree);
-- Whose people's data was taken out for good, of how many orders, and by whom.
CREATE TABLE person_forgotten (
    id             INTEGER PRIMARY KEY,
    buyer_id       TEXT NOT NULL,
    orders         INTEGER NOT NULL,
    actor          TEXT NOT NULL,
    at             INTEGER NOT NULL
) STRICT;

-- What may exist once: client tokens, external ids, payment references.
CREATE TABLE unique_key (
    name           TEXT NOT NULL,
    tree           INTEGER NOT NULL,
    fingerprint    BLOB,
    PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;

-- With a rowid: the rows go to the end, and only the small index on the hash is random.
CREATE TABLE idempotency (
    hash           BLOB NOT NULL,
    fingerprint    BLOB NOT NULL,
    status         INTEGER NOT NULL,
    tree           INTEGER NOT NULL,
    at             INTEGER NOT NULL,
    PRIMARY KEY (hash)
) STRICT;
CREATE INDEX idempotency_at ON idempotency (at);

-- What was accepted to be placed later: who asked for what, sealed, until it is known what became of it.
CREATE TABLE placement (
    hash           BLOB NOT NULL,
    fingerprint    BLOB NOT NULL,
    key_id         INTEGER NOT NULL,
    request        BLOB,
    tree           INTEGER,
    reason         TEXT,
    at             INTEGER NOT NULL,
    PRIMARY KEY (hash)
) STRICT;
CREATE INDEX placement_at ON placement (at);

CREATE TABLE stock (
    sku_id         TEXT NOT NULL,
    place          TEXT NOT NULL,
    on_hand        INTEGER NOT NULL,
    held           INTEGER NOT NULL,
    PRIMARY KEY (sku_id, place)
) STRICT, WITHOUT ROWID;
CREATE TABLE stock_adjustment (
    id             INTEGER PRIMARY KEY,
    sku_id         TEXT NOT NULL,
    place          TEXT NOT NULL,
    kind           INTEGER NOT NULL,
    quantity       INTEGER NOT NULL,
    on_hand        INTEGER NOT NULL,
    reason         TEXT NOT NULL,
    actor          TEXT NOT NULL,
    at             INTEGER NOT NULL
) STRICT;
CREATE INDEX stock_adjustment_sku ON stock_adjustment (sku_id, place, id);

CREATE TABLE product (
    sku_id         TEXT NOT NULL,
    place          TEXT NOT NULL,
    currency       TEXT NOT NULL,
    price          INTEGER NOT NULL,
    title          TEXT,
    updated_at     INTEGER NOT NULL,
    PRIMARY KEY (sku_id, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE task (
    id             INTEGER PRIMARY KEY,
    kind           TEXT NOT NULL,
    -- Of an unfinished task; nobody's once it is done.
    unique_key     TEXT,
    chain_key      TEXT,
    priority       INTEGER NOT NULL,
    payload        TEXT NOT NULL,
    state          INTEGER NOT NULL,
    claims         INTEGER NOT NULL,
    attempts       INTEGER NOT NULL,
    max_attempts   INTEGER NOT NULL,
    claimed_by     TEXT,
    due_at         INTEGER NOT NULL,
    lease_until    INTEGER,
    -- When a worker should look at it next; null where none should.
    run_rank       INTEGER,
    errors         TEXT,
    parked_by      INTEGER,
    -- Since when it needs a person: dead or parked.
    halted_at      INTEGER,
    created_at     INTEGER NOT NULL,
    finished_at    INTEGER
) STRICT;
CREATE UNIQUE INDEX task_unique ON task (unique_key) WHERE unique_key IS NOT NULL;
CREATE INDEX task_rank ON task (kind, run_rank) WHERE run_rank IS NOT NULL;
CREATE INDEX task_chain ON task (chain_key, state, id) WHERE chain_key IS NOT NULL;
CREATE INDEX task_halted ON task (halted_at) WHERE halted_at IS NOT NULL;

-- The slot that each schedule was last run for.
CREATE TABLE schedule (
    name           TEXT NOT NULL,
    slot           INTEGER NOT NULL,
    PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;

-- Who is told of events. The secret that signs them is sealed like people's data.
CREATE TABLE webhook (
    id             INTEGER PRIMARY KEY,
    url            TEXT NOT NULL,
    events         TEXT NOT NULL,
    key_id         INTEGER NOT NULL,
    secret         BLOB NOT NULL,
    created_at     INTEGER NOT NULL,
    disabled_at    INTEGER,
    why            TEXT
) STRICT;

CREATE TABLE account_user (
    id             INTEGER PRIMARY KEY,
    name           TEXT NOT NULL UNIQUE,
    role           TEXT NOT NULL,
    password       TEXT NOT NULL,
    body           TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    disabled_at    INTEGER
) STRICT;
CREATE TABLE account_session (
    hash           BLOB NOT NULL,
    user_id        INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    PRIMARY KEY (hash)
) STRICT, WITHOUT ROWID;
CREATE TABLE access_key (
    id             INTEGER PRIMARY KEY,
    name           TEXT NOT NULL,
    hash           BLOB NOT NULL UNIQUE,
    body           TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    revoked_at     INTEGER
) STRICT;

-- Node numbers, granted and never guessed; `mark` is the tick up to which ids may have been given.
CREATE TABLE node (
    node           INTEGER PRIMARY KEY,
    holder         TEXT NOT NULL,
    held_until     INTEGER NOT NULL,
    mark           INTEGER NOT NULL
) STRICT;

CREATE TABLE setting (
    name           TEXT NOT NULL,
    value          TEXT NOT NULL,
    PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;

-- Runs of those who check the books, and what they found.
CREATE TABLE reconcile_run (
    id             INTEGER PRIMARY KEY,
    asked          TEXT NOT NULL,
    started_at     INTEGER NOT NULL,
    seen_at        INTEGER NOT NULL,
    finished_at    INTEGER,
    orders         INTEGER NOT NULL,
    looked_at      INTEGER NOT NULL,
    error          TEXT
) STRICT;
CREATE TABLE finding (
    id             INTEGER PRIMARY KEY,
    run            INTEGER NOT NULL,
    class          TEXT NOT NULL,
    tree           INTEGER,
    subject        TEXT NOT NULL,
    detail         TEXT NOT NULL,
    state          INTEGER NOT NULL,
    at             INTEGER NOT NULL
) STRICT;
CREATE INDEX finding_run ON finding (run, id);
CREATE INDEX finding_tree ON finding (tree);
-- Ledgers beside orders: accounts of buyers, effects of orders, gift packs, weigh slips, members.

-- Coins and points of a buyer; of a gift pack how often it may be given, and has been.
CREATE TABLE account (
    owner          TEXT NOT NULL,
    ledger         INTEGER NOT NULL,
    currency       TEXT,
    balance        INTEGER NOT NULL,
    held           INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    PRIMARY KEY (owner, ledger)
) STRICT, WITHOUT ROWID;
CREATE TABLE account_adjustment (
    id             INTEGER PRIMARY KEY,
    owner          TEXT NOT NULL,
    ledger         INTEGER NOT NULL,
    kind           INTEGER NOT NULL,
    amount         INTEGER NOT NULL,
    balance        INTEGER NOT NULL,
    reason         TEXT NOT NULL,
    actor          TEXT NOT NULL,
    at             INTEGER NOT NULL
) STRICT;
CREATE INDEX account_adjustment_owner ON account_adjustment (owner, ledger, id);

-- What came about by an order, each once: the key is what holds a second one off. `seq` is the row of the log
-- that caused it, `kept` whether the ledger is ours.
CREATE TABLE effect (
    tree           INTEGER NOT NULL,
    effect         TEXT NOT NULL,
    ledger         INTEGER NOT NULL,
    kept           INTEGER NOT NULL,
    kind           INTEGER NOT NULL,
    owner          TEXT,
    amount         INTEGER NOT NULL,
    detail         TEXT,
    seq            INTEGER NOT NULL,
    at             INTEGER NOT NULL,
    PRIMARY KEY (tree, effect)
) STRICT, WITHOUT ROWID;

CREATE INDEX effect_owner ON effect (ledger, owner, at);

CREATE TABLE gift_pack (
    pack_id        TEXT NOT NULL,
    title          TEXT NOT NULL,
    shop_id        TEXT,
    min_price      INTEGER NOT NULL,
    currency       TEXT NOT NULL,
    from_at        INTEGER,
    until_at       INTEGER,
    total          INTEGER,
    active         INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    PRIMARY KEY (pack_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE gift (
    tree           INTEGER NOT NULL,
    pack_id        TEXT NOT NULL,
    owner          TEXT NOT NULL,
    title          TEXT NOT NULL,
    status         INTEGER NOT NULL,
    issued_at      INTEGER NOT NULL,
    ended_at       INTEGER,
    PRIMARY KEY (tree, pack_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX gift_owner ON gift (owner, tree);

CREATE TABLE weigh_slip (
    shop_order     INTEGER NOT NULL,
    tree           INTEGER NOT NULL,
    shop_id        TEXT NOT NULL,
    place          TEXT NOT NULL,
    status         INTEGER NOT NULL,
    slip_lines     TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    changed_at     INTEGER NOT NULL,
    PRIMARY KEY (shop_order)
) STRICT, WITHOUT ROWID;
CREATE INDEX weigh_slip_status ON weigh_slip (status, shop_order);
CREATE INDEX weigh_slip_place ON weigh_slip (place, status, shop_order);

CREATE TABLE member (
    buyer_id       TEXT NOT NULL,
    level          TEXT NOT NULL,
    joined_at      INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    PRIMARY KEY (buyer_id)
) STRICT, WITHOUT ROWID;
-- What gateways said of attempts and refunds, beside the trees; and every callback that came.
CREATE TABLE gateway_payment (
    attempt        INTEGER PRIMARY KEY,
    tree           INTEGER NOT NULL,
    gateway        TEXT NOT NULL,
    state          TEXT NOT NULL,
    reference      TEXT,
    pay_url        TEXT,
    trouble        TEXT,
    at             INTEGER NOT NULL
) STRICT;
CREATE INDEX gateway_payment_tree ON gateway_payment (tree);
CREATE TABLE gateway_refund (
    refund         INTEGER NOT NULL,
    payment        INTEGER NOT NULL,
    tree           INTEGER NOT NULL,
    gateway        TEXT NOT NULL,
    amount         INTEGER NOT NULL,
    try_no         INTEGER NOT NULL,
    round          INTEGER NOT NULL,
    round_from     INTEGER NOT NULL,
    state          TEXT NOT NULL,
    reference      TEXT,
    trouble        TEXT,
    at             INTEGER NOT NULL,
    PRIMARY KEY (refund, payment)
) STRICT, WITHOUT ROWID;
CREATE TABLE gateway_callback (
    id             INTEGER PRIMARY KEY,
    gateway        TEXT NOT NULL,
    came_at        INTEGER NOT NULL,
    about          TEXT NOT NULL,
    about_key      TEXT NOT NULL,
    told           TEXT NOT NULL,
    verdict        TEXT NOT NULL,
    tree           INTEGER
) STRICT;
CREATE INDEX gateway_callback_came ON gateway_callback (came_at);
-- What left for the archive: one row an object, which objects hold rows of a tree, the orders that left whole
-- with the numbers of their nodes, and what was brought back and stays until then.
CREATE TABLE archive_segment (
    id             INTEGER PRIMARY KEY,
    kind           INTEGER NOT NULL,
    name           TEXT NOT NULL,
    from_at        INTEGER NOT NULL,
    to_at          INTEGER NOT NULL,
    trees          INTEGER NOT NULL,
    entries        INTEGER NOT NULL,
    bytes          INTEGER NOT NULL,
    sha256         BLOB NOT NULL,
    state          INTEGER NOT NULL,
    away           INTEGER NOT NULL,
    created_at     INTEGER NOT NULL
) STRICT;
CREATE TABLE archive_tree (
    tree           INTEGER NOT NULL,
    segment        INTEGER NOT NULL,
    PRIMARY KEY (tree, segment)
) STRICT, WITHOUT ROWID;
CREATE INDEX archive_tree_segment ON archive_tree (segment);
CREATE TABLE archive_order (
    tree           INTEGER PRIMARY KEY,
    segment        INTEGER NOT NULL,
    buyer_id       TEXT
) STRICT;
CREATE INDEX archive_order_buyer ON archive_order (buyer_id, tree) WHERE buyer_id IS NOT NULL;
CREATE TABLE archive_node (
    id             INTEGER PRIMARY KEY,
    tree           INTEGER NOT NULL
) STRICT;
CREATE INDEX archive_node_tree ON archive_node (tree);
CREATE TABLE archive_hold (
    tree           INTEGER PRIMARY KEY,
    until_at       INTEGER NOT NULL
) STRICT;

-- Coupons: what each is, how often it is used in all, by whom and on which day, and the book of changes by hand.
CREATE TABLE coupon (
    code           TEXT NOT NULL,
    version        INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    body           TEXT NOT NULL,
    PRIMARY KEY (code)
) STRICT, WITHOUT ROWID;
CREATE TABLE coupon_count (
    scope_key      TEXT NOT NULL,
    used           INTEGER NOT NULL,
    redeemed       INTEGER NOT NULL,
    PRIMARY KEY (scope_key)
) STRICT, WITHOUT ROWID;
CREATE TABLE coupon_adjustment (
    id             INTEGER PRIMARY KEY,
    code           TEXT NOT NULL,
    delta          INTEGER,
    active         INTEGER,
    reason         TEXT NOT NULL,
    actor          TEXT NOT NULL,
    at             INTEGER NOT NULL
) STRICT;
CREATE INDEX coupon_adjustment_code ON coupon_adjustment (code, id);
