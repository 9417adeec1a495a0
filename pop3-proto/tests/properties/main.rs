//! What must hold whatever comes in, however it is cut, and whatever is called.

mod calls_client;
mod calls_server;
mod chunks;
mod model;
mod office;
mod pair;
mod wire;
