//! Which accounts are due: classes by how far prices may move, each with a market that it looks back to.
//!
//! Class k holds accounts that stay safe while prices are within 2ᵏ⁻¹ of its reference market (in [`UNITS`]), class 0 those
//! that are safe nowhere else. As long as they are, nobody in it is looked at. Once they are not, each of its
//! accounts is asked how far prices are from where *it* was valued: who is safe still goes into the class of what is left
//! of its way, the others are valued. The class then looks back to the market at hand. Prices that go there and back make
//! a class due again and again only where it is narrow, and there it has few accounts. Nothing is ever sorted.

use super::history::History;
use super::reach::UNITS;
use crate::margin::market::Market;

/// How many classes there are: the widest has half of [`UNITS`].
const CLASSES: usize = 24;
/// Less than this part of its way left, and it is cheaper to value an account than to come back soon.
const LITTLE: u64 = 32;
/// No class.
const NOWHERE: u8 = u8::MAX;

/// How far prices may be from the reference of a class.
fn width(class: usize) -> u64 {
    (1 << class) >> 1
}

/// Accounts of one class.
#[derive(Clone, Debug, Default)]
struct Class {
    /// The number of the market that it looks back to.
    reference: u32,
    members: Vec<u32>,
}

/// What is known of an account.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// How far prices may be from the market at which it was valued.
    reach: u32,
    /// The number of that market.
    valued: u32,
    /// Its place in its class.
    at: u32,
    class: u8,
}

/// All accounts by class.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    classes: Vec<Class>,
    places: Vec<Place>,
}

/// Who is due at a market.
#[derive(Default)]
pub(super) struct Due {
    /// Classes that look back to this market from now on.
    classes: Vec<usize>,
    /// Accounts that are safe still, and for how long.
    safe: Vec<(u32, u64)>,
    /// Accounts that are to be valued, in no order.
    pub(super) left: Vec<u32>,
}

impl Queue {
    pub(super) fn new() -> Self {
        Queue { classes: vec![Class::default(); CLASSES], places: Vec::new() }
    }

    /// Who is due at a market; none where there are more than `most` to be asked.
    pub(super) fn due(&self, history: &mut History, market: &Market, most: usize) -> Option<Due> {
        history.begin();
        let mut due = Due::default();
        for (at, class) in self.classes.iter().enumerate() {
            let distance = history.distance(class.reference, market);
            if distance.is_none_or(|distance| distance > width(at)) || history.lacks(class.reference, market) {
                due.classes.push(at);
            }
        }
        let count: usize = due.classes.iter().map(|&class| self.classes[class].members.len()).sum();
        if count > most {
            return None;
        }
        for &class in &due.classes {
            for &account in &self.classes[class].members {
                let Place { reach, valued, .. } = self.places[account as usize];
                match history.distance(valued, market) {
                    // A factor of 1 + distance and then one of 1 + rest is at most one of 1 + reach.
                    Some(distance) if distance + u64::from(reach) / LITTLE < u64::from(reach) => {
                        due.safe.push((account, (u64::from(reach) - distance) * UNITS / (UNITS + distance)));
                    }
                    _ => due.left.push(account),
                }
            }
        }
        Some(due)
    }

    /// The market of a number is the one at hand. Who was found safe at it moves to its class; the others are valued next.
    pub(super) fn settle(&mut self, due: &Due, market: u32) {
        due.classes.iter().for_each(|&class| self.classes[class].reference = market);
        due.safe.iter().for_each(|&(account, rest)| self.put(account, rest));
    }

    /// Every class looks back to the market of a number, since everybody is valued next.
    pub(super) fn settle_all(&mut self, market: u32) {
        self.classes.iter_mut().for_each(|class| class.reference = market);
    }

    /// An account was valued at the market of a number, the one at hand, and is safe for `reach` from there.
    pub(super) fn value(&mut self, account: u32, reach: u32, market: u32) {
        if self.places.len() <= account as usize {
            let nobody = Place { reach: 0, valued: 0, at: 0, class: NOWHERE };
            self.places.resize(account as usize + 1, nobody);
        }
        let place = &mut self.places[account as usize];
        (place.reach, place.valued) = (reach, market);
        self.put(account, reach.into());
    }

    /// Puts an account into the widest class that is safe for it: prices that are within its width of the
    /// reference, as the market at hand is, are within (1 + width)² − 1 of the market at hand.
    fn put(&mut self, account: u32, rest: u64) {
        let half = (rest - ((rest * rest) >> 26)).saturating_sub(1) >> 1;
        let class = half.checked_ilog2().map_or(0, |log| log + 1).min(CLASSES as u32 - 1) as u8;
        let Place { at, class: before, .. } = self.places[account as usize];
        if before == class {
            return;
        }
        if before != NOWHERE {
            let members = &mut self.classes[before as usize].members;
            members.swap_remove(at as usize);
            if let Some(&moved) = members.get(at as usize) {
                self.places[moved as usize].at = at;
            }
        }
        let members = &mut self.classes[class as usize].members;
        let place = &mut self.places[account as usize];
        (place.at, place.class) = (members.len() as u32, class);
        members.push(account);
    }
}
