-- The spine made ready for copies.

-- Section: copies.
-- Set where the order is at home elsewhere; null where it is ours.
ALTER TABLE payment_order ADD COLUMN copy INTEGER;
UPDATE payment_order SET copy = 1, due_at = NULL WHERE body LIKE '%"home":%'
    AND CASE WHEN JSON_VALID(body) THEN JSON_EXTRACT(body, '$.home') END IS NOT NULL;
-- A copy claims no payment reference: money is its home's.
DELETE FROM unique_key WHERE name LIKE 'payment_%'
    AND tree IN (SELECT id FROM payment_order WHERE copy = 1);
-- What is to be said of a copy, which nobody may write but the road that brought it.
CREATE TABLE copy_note (
    tree           INTEGER NOT NULL,
    kind           TEXT NOT NULL,
    subject        TEXT NOT NULL,
    detail         TEXT NOT NULL,
    at             INTEGER NOT NULL,
    PRIMARY KEY (tree, kind, subject)
) STRICT, WITHOUT ROWID;


-- Section: the log of many hands.
-- Which version of the tree a row led to here, none of a row of another hand; and when it was written, in the order
-- that all copies agree on. Both are empty where they follow from `seq` and `at`.
ALTER TABLE order_operation ADD COLUMN version INTEGER;
ALTER TABLE order_operation ADD COLUMN hlc INTEGER;
ALTER TABLE order_operation DROP COLUMN merge_id;


-- Section: speed.
-- The orders of a SKU, filed some time after they were placed: until then their lines stand in the order they came in.
-- Whoever looks for a SKU looks at both.
CREATE TABLE item_sku (
    sku_id         TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    tree           INTEGER NOT NULL,
    PRIMARY KEY (sku_id, created_at, tree)
) STRICT, WITHOUT ROWID;
CREATE TABLE item_sku_new (
    tree           INTEGER NOT NULL,
    sku_id         TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    PRIMARY KEY (tree, sku_id, created_at)
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO item_sku (sku_id, created_at, tree)
    SELECT sku_id, created_at, tree FROM item_order ORDER BY sku_id, created_at, tree;
DROP INDEX item_order_sku;
CREATE TRIGGER item_order_placed AFTER INSERT ON item_order BEGIN
    INSERT OR IGNORE INTO item_sku_new (tree, sku_id, created_at) VALUES (new.tree, new.sku_id, new.created_at); END;
CREATE TRIGGER item_order_gone AFTER DELETE ON item_order BEGIN
    DELETE FROM item_sku WHERE (sku_id, created_at, tree) = (old.sku_id, old.created_at, old.tree); DELETE FROM
    item_sku_new WHERE (tree, sku_id, created_at) = (old.tree, old.sku_id, old.created_at); END;
CREATE TRIGGER item_order_dated AFTER UPDATE OF created_at ON item_order WHEN old.created_at <> new.created_at BEGIN
    DELETE FROM item_sku WHERE (sku_id, created_at, tree) = (old.sku_id, old.created_at, old.tree); DELETE FROM
    item_sku_new WHERE (tree, sku_id, created_at) = (old.tree, old.sku_id, old.created_at); INSERT OR IGNORE INTO
    item_sku_new (tree, sku_id, created_at) VALUES (new.tree, new.sku_id, new.created_at); END;


-- Section: the book of stock.
-- What stands on hand is what is booked and what orders moved. Nothing is booked here: a process of the release before may go
-- on beside this schema and does not say what it moves. The nightly run of reconcile, or a count, begins the book.
ALTER TABLE stock ADD COLUMN moved INTEGER NOT NULL DEFAULT 0;
ALTER TABLE stock ADD COLUMN booked INTEGER;
