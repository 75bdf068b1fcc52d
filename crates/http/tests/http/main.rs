//! The API from outside: through the real router, on a database of its own for each test.

mod access;
mod bad_input;
mod both_ways;
mod center;
mod country;
mod coupons;
mod coupons_back;
mod flow;
mod forget;
mod growth;
mod idempotency;
mod imports;
mod later;
mod ledgers;
mod limits;
mod lists;
mod masters;
mod metrics;
mod openapi;
mod protocol;
mod reads;
mod receiver;
mod remote_ledgers;
mod tasks;
mod telephones;
mod webhooks;
