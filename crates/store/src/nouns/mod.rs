//! One file per noun beside orders: its row type, how it is read, and the statements that write it.

pub mod idempotency;
pub mod keys;
pub mod nodes;
pub mod people;
pub mod persons;
pub mod placements;
pub mod products;
pub mod schedules;
pub mod settings;
pub mod snapshots;
pub mod stock;
pub mod tasks;
pub mod webhooks;
