//! The rulebooks that come with perpcore, and `extends`.

use super::node::Node;
use super::problems::Problems;
use crate::fault::nearest;
use crate::fault::{Code, Failure, Fault};

/// The presets, newest version first; each text says its own name and version.
const PRESETS: &[(&str, &str)] = &[
    ("global-multi-collateral@1", include_str!("../../presets/global-multi-collateral.toml")),
    ("hk-vatp-perp@1", include_str!("../../presets/hk-vatp-perp.toml")),
];

/// The presets by name.
pub(super) const NAMES: &[&str] = &["global-multi-collateral", "hk-vatp-perp"];

/// The full name and the text of a preset, by name with or without its version.
fn find(name: &str) -> Option<(&'static str, &'static str)> {
    PRESETS
        .iter()
        .copied()
        .find(|(full, _)| *full == name || full.rsplit_once('@').is_some_and(|(bare, _)| bare == name))
}

/// What is accepted in place of a name that no preset has.
fn accepted(wrong: &str) -> String {
    let known = PRESETS.iter().map(|(full, _)| *full);
    let names = format!("one of {}, with or without its version", known.clone().collect::<Vec<_>>().join(", "));
    match nearest(wrong, known) {
        Some(meant) => format!("did you mean {meant}? {names}"),
        None => names,
    }
}

/// The tree of a preset and its full name.
///
/// # Errors
/// [`Code::UnknownPreset`].
pub(super) fn tree(name: &str) -> Result<(Node, &'static str), Failure> {
    let Some((full, text)) = find(name) else {
        return Err(Fault::new(Code::UnknownPreset).value(name).accepts(accepted(name)).into());
    };
    Ok((super::read::read(text, full)?, full))
}

/// Lays a tree over the preset that it extends, if it extends one; whether that preset was found, or none needed.
///
/// # Errors
/// Only if a preset is not TOML. An unknown preset goes to `problems`, and the tree is left as it is.
pub(super) fn extended(mut over: Node, problems: &mut Problems) -> Result<(Node, bool), Failure> {
    let Some(entry) = over.table_mut().and_then(|root| root.remove("extends")) else { return Ok((over, true)) };
    let Some(name) = entry.text() else {
        problems.refuse("extends", &entry, accepted(""));
        return Ok((over, false));
    };
    let Some((full, text)) = find(name) else {
        problems.add(Code::UnknownPreset, "extends", entry.place.as_ref()).value(entry.show()).accepts(accepted(name));
        return Ok((over, false));
    };
    let (mut merged, found) = extended(super::read::read(text, full)?, problems)?;
    merged.merge(over);
    Ok((merged, found))
}
