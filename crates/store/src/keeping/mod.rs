//! How a database is kept: copied and put back (`backup`), looked through for damage (`inspect`, `orphans`) and rescued from
//! it (`salvage`), rid of what was removed (`clean`), and with which keys it is sealed (`seals`).

pub mod backup;
pub mod clean;
pub mod inspect;
pub mod orphans;
pub mod salvage;
pub mod seals;
