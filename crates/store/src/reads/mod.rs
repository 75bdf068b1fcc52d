//! What is read of orders outside the writer: `orders` by their numbers, `list` by what they are.

pub mod list;
pub mod orders;
