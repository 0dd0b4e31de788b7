//! `main.tf.json` of any bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| pg_preflight_fuzz::read("main.tf.json", bytes));
