//! One file per table or group of tables: the type of a row, how it is read, and the statements that write it. `lane` is
//! the one list of those that take part in the lane, with what all of them share: what a batch sees, what it writes.

pub mod accounts;
pub mod alerts;
pub mod archive;
pub mod audit;
pub mod books;
pub mod channels;
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
pub mod lane;
pub mod members;
pub mod nodes;
pub mod orders;
pub mod placements;
pub mod products;
pub mod rows;
pub mod schedules;
pub mod settings;
pub mod slips;
pub mod snapshots;
pub mod stock;
pub mod tasks;
pub mod telephones;
pub mod trees;
pub mod unique_keys;
pub mod users;
pub mod webhooks;
pub mod workers;
