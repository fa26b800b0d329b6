//! The gate asked a second time: what accounts hold is kept beside the venue from what it tells, valued by itself, and every
//! order and every trade judged by the rules' words. `VENUE_COMMANDS` asks for more commands, `VENUE_SEED` for others.

#![expect(clippy::expect_used, clippy::panic, reason = "a test")]

#[path = "venue_gates/judge.rs"]
mod judge;
#[path = "venue_gates/shadow.rs"]
mod shadow;
#[path = "venue_gates/stream.rs"]
mod stream;

use judge::Run;
use perpcore::message::{Kind, Word};

fn asked(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Streams: an account that is bankrupt stays it, so none goes on for ever.
const PARTS: u64 = 20;

#[test]
fn every_order_and_every_trade_is_judged_as_the_rules_say() {
    let (commands, seed) = (asked("VENUE_COMMANDS", 60_000), asked("VENUE_SEED", 11));
    let mut seen = std::collections::BTreeMap::new();
    for part in 0..PARTS {
        let mut run = Run::new(seed + part);
        for _ in 0..commands / PARTS {
            run.step();
        }
        run.seen.into_iter().for_each(|(what, times)| *seen.entry(what).or_insert(0) += times);
    }
    println!("{seen:#?}");
    for kind in [Kind::Filled, Kind::StatusChanged, Kind::Conversion, Kind::Settlement, Kind::Funding, Kind::Triggered]
    {
        let times: u64 = seen.iter().filter(|(what, _)| what.starts_with(kind.text())).map(|(_, times)| times).sum();
        assert!(times > 0, "{kind:?} never came");
    }
    for code in ["insufficient_margin", "account_bankrupt", "fill_refused", "account_restricted", "price_unusable"] {
        assert!(seen.keys().any(|what| what.ends_with(code)), "{code} never came");
    }
}

#[test]
fn the_same_stream_leads_to_the_same_state() {
    let ends = [1, 2].map(|_| {
        let mut run = Run::new(asked("VENUE_SEED", 11));
        let mut digests = Vec::new();
        for _ in 0..20 {
            (0..100).for_each(|_| run.step());
            digests.push((run.venue.digest(), run.next));
        }
        digests
    });
    assert_eq!(ends[0], ends[1]);
}
