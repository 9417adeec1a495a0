//! pop3-maildrop
