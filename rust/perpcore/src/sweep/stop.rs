//! Whether the caller of a long call still waits for its result.

use crate::fault::{Code, Failure, Fault};
use std::fmt;
use std::sync::Arc;

/// How many rows or accounts a loop may work off between two questions: well below a millisecond of work.
pub const STRIDE: usize = 4_096;

/// Asked by the loops of a long call, from any of its threads. What is stopped gives no result, and its inputs are as
/// they were.
#[derive(Clone, Default)]
pub struct Stop(Option<Arc<dyn Fn() -> bool + Send + Sync>>);

impl Stop {
    /// Asks `asked`. The default asks nobody: the call runs to its end.
    pub fn new(asked: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Stop(Some(Arc::new(asked)))
    }

    /// Whether the work is to end now.
    pub fn asked(&self) -> bool {
        self.0.as_ref().is_some_and(|asked| asked())
    }

    /// Whether the work is to end at this row or account; only one in [`STRIDE`] asks.
    #[inline(always)]
    pub fn asked_at(&self, at: usize) -> bool {
        at.is_multiple_of(STRIDE) && self.asked()
    }
}

/// What a stopped call returns. Nobody reads it: who stopped the call knows why.
pub fn stopped() -> Failure {
    Fault::new(Code::Internal).value("stopped").into()
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Stop(…)" } else { "Stop" })
    }
}
