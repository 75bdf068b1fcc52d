//! One file per table or group of tables beside orders: the type of a row, how it is read, and the statements that write it.

pub mod accounts;
pub mod archive;
pub mod books;
pub mod copy_notes;
pub mod coupons;
pub mod customers;
pub mod deliveries;
pub mod effects;
pub mod findings;
pub mod gateways;
pub mod gifts;
pub mod idempotency;
pub mod keys;
pub mod members;
pub mod nodes;
pub mod placements;
pub mod products;
pub mod schedules;
pub mod settings;
pub mod slips;
pub mod snapshots;
pub mod stock;
pub mod tasks;
pub mod telephones;
pub mod users;
pub mod webhooks;
