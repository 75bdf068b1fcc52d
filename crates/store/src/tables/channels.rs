//! Marketplace shops: which there are, what they told of each order and product, which SKUs of ours they sell, which windows of time were read, and by which runs.

pub mod calls;
pub mod orders;
pub mod products;
pub mod pushes;
pub mod runs;
pub mod shops;
pub mod skus;
pub mod watched;
pub mod windows;
