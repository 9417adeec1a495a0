//! pop3-tests
