-- What was found by outsiders and mended. One section each.

-- Section: keys and installation.


-- Section: money: refunds, coupons, tax.


-- Section: people: telephones, words.
-- Of which order a person gave a use of a coupon back.
ALTER TABLE coupon_adjustment ADD COLUMN tree INTEGER;
-- When the buyer's words were taken out of an agreed tree: its checksum is that of what is left.
ALTER TABLE order_snapshot ADD COLUMN forgotten_at INTEGER;
-- Which objects still have rows of trees that were brought back from them.
CREATE TABLE archive_copy (
    tree           INTEGER NOT NULL,
    segment        INTEGER NOT NULL,
    PRIMARY KEY (tree, segment)
) STRICT, WITHOUT ROWID;
-- Objects of the archive in whose place others stand; they are removed, and then forgotten.
CREATE TABLE archive_gone (
    name           TEXT NOT NULL,
    PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;


-- Section: lists.
-- A bit for each shop and place of the order; null where it was written before this step and not since.
ALTER TABLE payment_order ADD COLUMN parts INTEGER;
-- What pages are sorted by, with what is tested most: what does not match is passed over without its order. Behind
-- the time of placement only what never changes, so that no change moves a row of this index.
DROP INDEX payment_order_created;
CREATE INDEX payment_order_created ON payment_order (created_at, id, type, parts);
DROP INDEX payment_order_updated;
CREATE INDEX payment_order_updated ON payment_order
    (updated_at, id, created_at, paid_at, status, store_status, type, parts);
-- The orders of a buyer, with what tells the same cart.
DROP INDEX payment_order_buyer;
CREATE INDEX payment_order_buyer ON payment_order (buyer_id, created_at, id, cart) WHERE buyer_id IS NOT NULL;
-- The telephones of an order.
CREATE INDEX order_phone_tree ON order_phone (tree);
-- The book of a SKU, newest first, whatever the places.
DROP INDEX stock_adjustment_sku;
CREATE INDEX stock_adjustment_sku ON stock_adjustment (sku_id, id);
-- What somebody did, with its kind.
DROP INDEX order_operation_operator;
CREATE INDEX order_operation_operator ON order_operation (operator, at, tree, site, seq, kind)
    WHERE operator IS NOT NULL;


-- Section: operating: credentials, webhooks, tasks.

-- Until when a key opens, and when it last did; when a user last logged in.
ALTER TABLE access_key ADD COLUMN expires_at INTEGER;
ALTER TABLE access_key ADD COLUMN last_used_at INTEGER;
ALTER TABLE account_user ADD COLUMN last_login_at INTEGER;
CREATE INDEX account_session_user ON account_session (user_id, expires_at);

-- What signed before the secret was changed, and until when it still does.
ALTER TABLE webhook ADD COLUMN old_key_id INTEGER;
ALTER TABLE webhook ADD COLUMN old_secret BLOB;
ALTER TABLE webhook ADD COLUMN old_until INTEGER;
-- What a receiver said to each delivery when it was last tried; one that was never tried has no row.
CREATE TABLE webhook_delivery (
    webhook        INTEGER NOT NULL,
    -- The task that delivers it: newer ones have larger numbers.
    task           INTEGER NOT NULL,
    -- 0 for a test, which is of no order.
    tree           INTEGER NOT NULL,
    seq            INTEGER NOT NULL,
    event          TEXT NOT NULL,
    at             INTEGER NOT NULL,
    tries          INTEGER NOT NULL,
    -- Null where there was no answer.
    status         INTEGER,
    answer         TEXT NOT NULL,
    PRIMARY KEY (webhook, task)
) STRICT, WITHOUT ROWID;

-- By which number of its source an order that left is found; those that left before have it in their unique key.
ALTER TABLE archive_order ADD COLUMN external_id TEXT;
UPDATE archive_order SET external_id = keyed.external_id FROM (
    SELECT tree, substr(rest, instr(rest, char(31)) + 1) AS external_id FROM (
        SELECT tree, substr(rest, instr(rest, char(31)) + 1) AS rest FROM (
            SELECT tree, substr(name, 10) AS rest FROM unique_key
            WHERE name > 'external' || char(31) AND name < 'external' || char(32)))
) AS keyed WHERE keyed.tree = archive_order.tree;
CREATE INDEX archive_order_external ON archive_order (external_id) WHERE external_id IS NOT NULL;


-- End.
