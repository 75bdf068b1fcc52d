-- The spine made ready for copies.

-- Section: copies.
-- Set where the order is at home elsewhere; null where it is ours.
ALTER TABLE payment_order ADD COLUMN copy BIGINT;
UPDATE payment_order SET copy = 1, due_at = NULL WHERE body LIKE '%"home":%'
    AND CASE WHEN JSON_VALID(body) THEN JSON_EXTRACT(body, '$.home') END IS NOT NULL;
-- A copy claims no payment reference: money is its home's.
DELETE FROM unique_key WHERE name LIKE 'payment_%'
    AND tree IN (SELECT id FROM payment_order WHERE copy = 1);
-- What is to be said of a copy, which nobody may write but the road that brought it.
CREATE TABLE copy_note (
    tree           BIGINT NOT NULL,
    kind           VARCHAR(64) NOT NULL,
    subject        VARCHAR(255) NOT NULL,
    detail         MEDIUMTEXT NOT NULL,
    at             BIGINT NOT NULL,
    PRIMARY KEY (tree, kind, subject)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;


-- Section: the log of many hands.
-- Which version of the tree a row led to here, none of a row of another hand; and when it was written, in the order
-- that all copies agree on. Both are empty where they follow from `seq` and `at`.
ALTER TABLE order_operation ADD COLUMN version BIGINT;
ALTER TABLE order_operation ADD COLUMN hlc BIGINT;
ALTER TABLE order_operation DROP COLUMN merge_id;


-- Section: the book of stock.
-- What stands on hand is what is booked and what orders moved. Nothing is booked here: a process of the release before may go
-- on beside this schema and does not say what it moves. The nightly run of reconcile, or a count, begins the book.
ALTER TABLE stock ADD COLUMN moved BIGINT NOT NULL DEFAULT 0;
ALTER TABLE stock ADD COLUMN booked BIGINT;
