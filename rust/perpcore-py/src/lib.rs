//! `perpcore._core`: the only crate that knows Python. It hands Arrow memory across, raises faults as exceptions, and
//! decides when the GIL is held; every number comes from below.

mod assessment;
mod batch;
mod book;
mod capsule;
mod command;
mod describe;
mod ending;
mod kernel;
mod mirror;
mod monitor;
mod pricing;
mod raise;
mod resident;
mod rulebook;
mod run;
mod scalar;
mod venue;

use pyo3::prelude::*;

// The features of perpcore that take a control out are for its tests.
const _: () = assert!(perpcore::control::TAKEN_OUT.is_empty(), "perpcore is built without one of its controls");

#[pymodule(gil_used = true)]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<rulebook::Rulebook>()?;
    module.add_class::<rulebook::Change>()?;
    module.add_class::<assessment::Assessment>()?;
    module.add_class::<monitor::Monitor>()?;
    module.add_class::<monitor::OrderCheck>()?;
    module.add_class::<book::OrderBook>()?;
    module.add_class::<venue::Venue>()?;
    module.add_class::<mirror::DepthMirror>()?;
    module.add_class::<pricing::IndexPrice>()?;
    module.add_class::<pricing::MarkPrice>()?;
    module.add_class::<pricing::Funding>()?;
    module.add_class::<batch::Batch>()?;
    module.add_class::<batch::Schema>()?;
    module.add_function(wrap_pyfunction!(assessment::assess, module)?)?;
    module.add_function(wrap_pyfunction!(describe::describe, module)?)?;
    module.add_function(wrap_pyfunction!(describe::schema, module)?)?;
    module.add_function(wrap_pyfunction!(describe::build_info, module)?)?;
    module.add_function(wrap_pyfunction!(run::_provoke_panic, module)?)?;
    module.add_function(wrap_pyfunction!(scalar::grid_units, module)?)?;
    module.add_function(wrap_pyfunction!(kernel::_choose_kernel, module)?)?;
    kernel::choose_by_environment()?;
    module.add_function(wrap_pyfunction!(ending::_end, module)?)?;
    module.py().import("atexit")?.call_method1("register", (module.getattr("_end")?,))?;
    Ok(())
}
