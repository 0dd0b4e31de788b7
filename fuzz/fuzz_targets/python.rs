//! `__main__.py` of any bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| pg_preflight_fuzz::read("__main__.py", bytes));
