//! Arrow tables in and out.
