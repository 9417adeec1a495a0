//! Sessions over stores of either kind, driven by hand.

mod asynchronous;
mod interleavings;
mod office;
mod rules;
mod serving;
mod work;
