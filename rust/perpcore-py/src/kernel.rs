//! Which kernel values common accounts: the fastest that the processor has, unless a test or a benchmark says otherwise.

use crate::raise::bad_argument;
use perpcore::sweep::assess::Way;
use pyo3::prelude::*;

/// The variable that names the kernel of a process.
const VARIABLE: &str = "PERPCORE_KERNEL";

/// Chooses the kernel of this process by its name, None for the fastest one. The results do not depend on it.
///
/// Raises ValueError where this processor has no such kernel.
#[pyfunction]
#[pyo3(signature = (name=None))]
pub(crate) fn _choose_kernel(name: Option<&str>) -> PyResult<()> {
    choose("name", name)
}

/// Chooses the kernel that the environment names, if it names one.
pub(crate) fn choose_by_environment() -> PyResult<()> {
    choose(VARIABLE, std::env::var(VARIABLE).ok().as_deref())
}

fn choose(argument: &str, name: Option<&str>) -> PyResult<()> {
    let way = name.map(|name| Way::ALL.into_iter().find(|way| way.name() == name && way.is_possible()));
    if way == Some(None) {
        let possible: Vec<&str> = Way::ALL.into_iter().filter(|way| way.is_possible()).map(Way::name).collect();
        return Err(bad_argument(argument, name.unwrap_or_default(), &possible));
    }
    Way::choose(way.flatten());
    Ok(())
}
