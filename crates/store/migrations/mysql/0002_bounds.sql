-- What was found by outsiders and mended. One section each.

-- Section: keys and installation.


-- Section: money: refunds, coupons, tax.


-- Section: people: telephones, words.


-- Section: lists.


-- Section: operating: credentials, webhooks, tasks.


-- End.
