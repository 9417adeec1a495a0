//! pop3-blocking
