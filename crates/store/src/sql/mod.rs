//! What is said to a database, as data: values and rows, tables, queries and statements, and the text that is made of them.

pub mod ask;
pub mod dialect;
pub mod keyset;
pub mod statement;
pub mod table;
pub mod text;
pub mod value;
