-- What was found by outsiders and mended. One section each.

-- Section: keys and installation.


-- Section: money: refunds, coupons, tax.


-- Section: people: telephones, words.


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
