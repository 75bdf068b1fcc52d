//! The sandbox marketplace over real HTTP: what callers of its open platform get, every way in which it misbehaves
//! on request, and that its truth is the truth.

mod gate;
mod orders;
mod stage;
mod unruly;
