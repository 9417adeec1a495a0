#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| pop3_fuzz::sasl::login::check(input));
