//! pop3-cli
