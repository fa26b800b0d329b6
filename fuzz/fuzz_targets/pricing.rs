#![no_main]
#![expect(missing_docs, reason = "perpcore_fuzz says what it checks")]

libfuzzer_sys::fuzz_target!(|data: &[u8]| perpcore_fuzz::pricing(data));
