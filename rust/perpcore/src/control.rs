//! Controls that a test build takes out, one at a time, to see the harm that each prevents (`tools/soak.sh incidents`).
//!
//! Each is a feature of this crate that changes the one line which holds the control. A build that is used has none of
//! them: whoever links this crate for use asserts that [`TAKEN_OUT`] is empty.

macro_rules! taken_out {
    ($($name:literal)*) => {
        /// The controls that this build is without; empty in every build that is used.
        pub const TAKEN_OUT: &[&str] = &[$(#[cfg(feature = $name)] $name,)*];
    };
}

taken_out! {
    "without_cap_of_losses"
    "without_check_of_payers"
    "without_dry_run"
    "without_equal_accounts"
    "without_exact_deleveraging"
    "without_fill_rule"
    "without_floor_of_cash"
    "without_frozen_restart"
    "without_halt"
    "without_open_interest"
    "without_rounding_against"
    "without_second_approval"
    "without_settlement_range"
    "without_unsettled_gain"
}
