-- What was found by outsiders and mended. One section each.

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


-- Section: operating: credentials, webhooks, tasks.

-- Until when a key opens, and when it last did; when a user last logged in.
ALTER TABLE access_key ADD COLUMN expires_at BIGINT;
ALTER TABLE access_key ADD COLUMN last_used_at BIGINT;
ALTER TABLE account_user ADD COLUMN last_login_at BIGINT;
CREATE INDEX account_session_user ON account_session (user_id, expires_at);

-- By which number of its source an order that left is found; those that left before have it in their unique key.
ALTER TABLE archive_order ADD COLUMN external_id VARCHAR(64);
UPDATE archive_order AS away JOIN unique_key AS k ON k.tree = away.tree
    SET away.external_id = SUBSTRING_INDEX(k.name, CHAR(31 USING utf8mb4), -1)
    WHERE k.name > CONCAT('external', CHAR(31 USING utf8mb4)) AND k.name < CONCAT('external', CHAR(32 USING utf8mb4));
CREATE INDEX archive_order_external ON archive_order (external_id);


-- End.
