//! The SASL mechanisms against rsasl, a library by other hands: our client with its server, its
//! client with our server.

mod ours_as_client;
mod ours_as_server;
mod peer;
