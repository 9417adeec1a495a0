//! The seeds of sessions whose memory is measured: in a process of their own and one after another,
//! since there is one heap.

mod hold;

#[test]
fn sessions() {
    hold::hold("client_session", pop3_fuzz::client_session::check);
    hold::hold("server_session", pop3_fuzz::server_session::check);
}
