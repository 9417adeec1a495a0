//! The seeds of sessions whose memory is measured: in a process of their own, since there is one
//! heap.

mod hold;

hold::targets! {
    client_session pop3_fuzz::client_session::check
    server_session pop3_fuzz::server_session::check
}
