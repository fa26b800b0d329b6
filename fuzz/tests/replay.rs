//! The seed corpus of every target, and mutations of it from a fixed seed: what fuzzing found once stays found, and no
//! nightly compiler is needed to see it.

use perpcore_fuzz::{TARGETS, Target};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Mutations of each target; the number comes from the environment in `make soak`.
fn mutations(name: &str) -> usize {
    let quick = match name {
        "rulebook_text" | "commands" | "pricing" => 10_000,
        "guard" => 60_000,
        _ => 200_000,
    };
    let factor = std::env::var("PERPCORE_FUZZ_FACTOR").ok().and_then(|factor| factor.parse().ok());
    quick * factor.unwrap_or(1)
}

/// SplitMix64 (Steele, Lea and Flood 2014): the same numbers on every machine.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let place = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![place.join("corpus").join(name)];
    if name == "rulebook_text" {
        folders.extend(["../rust/perpcore/presets", "../tests/rules/rulebooks"].map(|folder| place.join(folder)));
    }
    let mut files: Vec<_> = folders.iter().flat_map(std::fs::read_dir).flatten().flatten().map(|f| f.path()).collect();
    files.sort();
    let seeds: Vec<_> = files.iter().flat_map(std::fs::read).collect();
    assert!(!seeds.is_empty(), "no corpus in {}", place.display());
    seeds
}

fn mutated(seeds: &[Vec<u8>], numbers: &mut Numbers) -> Vec<u8> {
    let mut text = seeds[numbers.below(seeds.len())].clone();
    for _ in 0..=numbers.below(4) {
        let (at, random) = (numbers.below(text.len() + 1), numbers.next() as u8);
        match numbers.below(7) {
            0 if at < text.len() => text[at] ^= 1 << (random % 8),
            1 if at < text.len() => text[at] = random,
            2 if at < text.len() => drop(text.remove(at)),
            3 => text.insert(at, random),
            4 => text.truncate(at),
            5 => {
                let other = &seeds[numbers.below(seeds.len())];
                let from = numbers.below(other.len() + 1);
                text.splice(at.., other[from..].iter().copied());
            }
            _ => {
                let end = (at + 1 + numbers.below(8)).min(text.len());
                let part = text[at.min(end)..end].to_vec();
                text.splice(at..at, part);
            }
        }
    }
    text
}

fn holds(name: &str, target: Target, data: &[u8]) {
    if catch_unwind(AssertUnwindSafe(|| target(data))).is_err() {
        let bytes: String = data.iter().map(|byte| format!("{byte:02x}")).collect();
        unreachable!("{name} fails on the bytes {bytes}, as text {:?}", String::from_utf8_lossy(data));
    }
}

fn replay(name: &str) {
    let target = TARGETS.iter().find(|(found, _)| *found == name).map(|(_, target)| *target);
    let Some(target) = target else { unreachable!("no target {name}") };
    let seeds = corpus(name);
    seeds.iter().for_each(|seed| holds(name, target, seed));
    let mut numbers = Numbers(7);
    for _ in 0..mutations(name) {
        holds(name, target, &mutated(&seeds, &mut numbers));
    }
}

#[test]
fn every_number_text_is_read_exactly_or_refused() {
    replay("number_text");
}

#[test]
fn every_float_is_its_shortest_text() {
    replay("number_float");
}

#[test]
fn every_decimal_is_its_text() {
    replay("number_decimal");
}

#[test]
fn every_rulebook_text_is_refused_or_reads_back() {
    replay("rulebook_text");
}

#[test]
fn all_foreign_memory_is_refused_or_can_be_worked_with() {
    replay("guard");
}

#[test]
fn every_table_of_commands_is_refused_or_carried_out_however_it_is_cut() {
    replay("commands");
}

#[test]
fn all_prices_keep_their_bounds_whatever_a_feed_says() {
    replay("pricing");
}
