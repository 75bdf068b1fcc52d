-- What was found by outsiders and mended. One section each. An index that is made anew is dropped by a statement of
-- its own: TiDB does both in one only where the names differ.

-- Section: keys and installation.


-- Section: money: refunds, coupons, tax.


-- Section: people: telephones, words.
-- Of which order a person gave a use of a coupon back.
ALTER TABLE coupon_adjustment ADD COLUMN tree BIGINT;
-- When the buyer's words were taken out of an agreed tree: its checksum is that of what is left.
ALTER TABLE order_snapshot ADD COLUMN forgotten_at BIGINT;
-- Which objects still have rows of trees that were brought back from them.
CREATE TABLE archive_copy (
    tree           BIGINT NOT NULL,
    segment        BIGINT NOT NULL,
    PRIMARY KEY (tree, segment)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
-- Objects of the archive in whose place others stand; they are removed, and then forgotten.
CREATE TABLE archive_gone (
    name           VARCHAR(255) NOT NULL,
    PRIMARY KEY (name)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;


-- Section: lists.
-- A bit for each shop and place of the order; null where it was written before this step and not since.
ALTER TABLE payment_order ADD COLUMN parts BIGINT;
-- What pages are sorted by, with what is tested most: what does not match is passed over without its order. Behind
-- the time of placement only what never changes, so that no change moves a row of this index.
DROP INDEX payment_order_created ON payment_order;
CREATE INDEX payment_order_created ON payment_order (created_at, id, type, parts);
DROP INDEX payment_order_updated ON payment_order;
CREATE INDEX payment_order_updated ON payment_order
    (updated_at, id, created_at, paid_at, status, store_status, type, parts);
-- The orders of a buyer, with what tells the same cart.
DROP INDEX payment_order_buyer ON payment_order;
CREATE INDEX payment_order_buyer ON payment_order (buyer_id, created_at, id, cart);
-- The telephones of an order.
CREATE INDEX order_phone_tree ON order_phone (tree, last4, phone);
-- The book of a SKU, newest first, whatever the places.
DROP INDEX stock_adjustment_sku ON stock_adjustment;
CREATE INDEX stock_adjustment_sku ON stock_adjustment (sku_id, id);
-- What somebody did, with its kind.
DROP INDEX order_operation_operator ON order_operation;
CREATE INDEX order_operation_operator ON order_operation (operator, at, tree, site, seq, kind);


-- Section: operating: credentials, webhooks, tasks.

-- Until when a key opens, and when it last did; when a user last logged in.
ALTER TABLE access_key ADD COLUMN expires_at BIGINT;
ALTER TABLE access_key ADD COLUMN last_used_at BIGINT;
ALTER TABLE account_user ADD COLUMN last_login_at BIGINT;
CREATE INDEX account_session_user ON account_session (user_id, expires_at);

-- What signed before the secret was changed, and until when it still does.
ALTER TABLE webhook ADD COLUMN old_key_id BIGINT;
ALTER TABLE webhook ADD COLUMN old_secret BLOB;
ALTER TABLE webhook ADD COLUMN old_until BIGINT;
-- What a receiver said to each delivery when it was last tried; one that was never tried has no row.
CREATE TABLE webhook_delivery (
    webhook        BIGINT NOT NULL,
    -- The task that delivers it: newer ones have larger numbers.
    task           BIGINT NOT NULL,
    -- 0 for a test, which is of no order.
    tree           BIGINT NOT NULL,
    seq            BIGINT NOT NULL,
    event          VARCHAR(64) NOT NULL,
    at             BIGINT NOT NULL,
    tries          BIGINT NOT NULL,
    -- Null where there was no answer.
    status         BIGINT,
    answer         TEXT NOT NULL,
    PRIMARY KEY (webhook, task)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- By which number of its source an order that left is found; those that left before have it in their unique key.
ALTER TABLE archive_order ADD COLUMN external_id VARCHAR(64);
UPDATE archive_order AS away JOIN unique_key AS k ON k.tree = away.tree
    SET away.external_id = SUBSTRING_INDEX(k.name, CHAR(31 USING utf8mb4), -1)
    WHERE k.name > CONCAT('external', CHAR(31 USING utf8mb4)) AND k.name < CONCAT('external', CHAR(32 USING utf8mb4));
CREATE INDEX archive_order_external ON archive_order (external_id);


-- End.
