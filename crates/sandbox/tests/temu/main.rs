//! The sandbox marketplace over real HTTP: what callers of its open platform get, every way in which it misbehaves
//! on request, and that its truth is the truth.

mod aftersales;
mod changes;
mod connector;
mod filed;
mod gate;
mod goods;
mod orders;
mod packages;
mod pushes;
mod shops;
mod stage;
mod truth;
mod unruly;
