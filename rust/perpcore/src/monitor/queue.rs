//! Which accounts are due: classes by how far prices may move, each with a market that it looks back to.
//!
//! A class holds accounts that stay safe while prices are within its width of its reference market, the first those
//! that are safe nowhere else. There are four to a power of two, so that not many come due with one tick. As long as
//! prices are within the width, nobody in it is looked at. Once they are not, each of its accounts is asked how far
//! prices are from where *it* was valued: who is safe still goes into the class of what is left of its way, the others
//! are valued. Near a line the answer knows directions ([`super::bound`]), and who asks finds it in the class. The
//! class then looks back to the market at hand. Prices that go there and back make a class due again and again only
//! where it is narrow, and there it has few accounts. Nothing is ever sorted.

use super::bound::Bound;
use super::history::History;
use super::reach::UNITS;
use crate::margin::market::Market;

/// How many classes there are: the widest has half of [`UNITS`].
const CLASSES: usize = 4 * UNITS.ilog2() as usize - 7;
/// A class that is narrower than it could be by fewer than so many is no reason to move.
const STAY: usize = 8;
/// Without a bound, less than this part of its way left, and it is cheaper to value an account than to come back soon.
const LITTLE: u64 = 32;
/// No class.
const NOWHERE: u8 = u8::MAX;

/// How far prices may be from the reference of a class, in [`UNITS`]: 0 to 3, and from there on four to a power of two.
fn width(class: usize) -> u64 {
    match class {
        0..4 => class as u64,
        _ => (4 + class as u64 % 4) << (class / 4 - 1),
    }
}

/// Accounts of one class.
#[derive(Clone, Debug, Default)]
struct Class {
    /// The number of the market that it looks back to.
    reference: u32,
    /// Those that have no bound.
    far: Vec<u32>,
    /// Those that have one. They stand here with all that is asked of them, since they are asked often.
    near: Vec<Near>,
}

impl Class {
    fn members(&self) -> usize {
        self.far.len() + self.near.len()
    }
}

/// An account near a line.
#[derive(Clone, Copy, Debug)]
struct Near {
    account: u32,
    /// The number of the market at which it was valued.
    valued: u32,
    bound: Bound,
}

/// What is known of an account.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// Where it has no bound: how far prices may be from the market at which it was valued, and the number of that.
    reach: u32,
    valued: u32,
    /// Its place in its class.
    at: u32,
    class: u8,
    /// Whether it has a bound.
    near: bool,
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
    /// Accounts that are safe still, and the class that they belong to now.
    moved: Vec<(u32, u8)>,
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
            if class.members() == 0 {
                // Nobody is to be asked, but who comes next counts from here.
                due.classes.push(at);
                continue;
            }
            let distance = history.distance(class.reference, market);
            if distance.is_none_or(|distance| distance > width(at)) || history.lacks(class.reference, market) {
                due.classes.push(at);
            }
        }
        let count: usize = due.classes.iter().map(|&class| self.classes[class].members()).sum();
        if count > most {
            return None;
        }
        for at in due.classes.clone() {
            let class = &self.classes[at];
            for &account in &class.far {
                let Place { reach, valued, .. } = self.places[account as usize];
                let (reach, distance) = (u64::from(reach), history.distance(valued, market));
                // A factor of 1 + distance and then one of 1 + rest is at most one of 1 + reach.
                let safe = distance.filter(|distance| distance.saturating_add(reach / LITTLE) < reach);
                let rest = safe.map(|distance| (reach - distance) * UNITS / (UNITS + distance));
                due.put(account, at, rest);
            }
            for &Near { account, valued, ref bound } in &class.near {
                let distance = history.distance(valued, market);
                let rest = distance.and_then(|distance| bound.rest(distance, |of| history.change(valued, market, of)));
                due.put(account, at, rest);
            }
        }
        Some(due)
    }

    /// The market of a number is the one at hand. Who was found safe at it moves to its class; the others are valued next.
    pub(super) fn settle(&mut self, due: &Due, market: u32) {
        due.classes.iter().for_each(|&class| self.classes[class].reference = market);
        for &(account, class) in &due.moved {
            let Place { at, class: before, near, .. } = self.places[account as usize];
            let kept = near.then(|| self.classes[before as usize].near[at as usize]);
            self.take(account);
            self.put(account, class, kept);
        }
    }

    /// Every class looks back to the market of a number, since everybody is valued next.
    pub(super) fn settle_all(&mut self, market: u32) {
        self.classes.iter_mut().for_each(|class| class.reference = market);
    }

    /// An account was valued at the market of a number, the one at hand, and is safe for `reach` from there, or as
    /// its bound says.
    pub(super) fn value(&mut self, account: u32, reach: u32, bound: Option<Bound>, market: u32) {
        if self.places.len() <= account as usize {
            let nobody = Place { reach: 0, valued: 0, at: 0, class: NOWHERE, near: false };
            self.places.resize(account as usize + 1, nobody);
        }
        let place = &mut self.places[account as usize];
        (place.reach, place.valued) = (reach, market);
        let class = class(reach.into());
        if class != place.class || place.near || bound.is_some() {
            self.take(account);
            self.put(account, class, bound.map(|bound| Near { account, valued: market, bound }));
        }
    }

    /// Takes an account out of its class.
    fn take(&mut self, account: u32) {
        let Place { at, class, near, .. } = self.places[account as usize];
        if class == NOWHERE {
            return;
        }
        let Class { far, near: bound, .. } = &mut self.classes[class as usize];
        let moved = if near {
            bound.swap_remove(at as usize);
            bound.get(at as usize).map(|moved| moved.account)
        } else {
            far.swap_remove(at as usize);
            far.get(at as usize).copied()
        };
        if let Some(moved) = moved {
            self.places[moved as usize].at = at;
        }
    }

    /// Puts an account that is in none into a class.
    fn put(&mut self, account: u32, class: u8, near: Option<Near>) {
        let (place, members) = (&mut self.places[account as usize], &mut self.classes[class as usize]);
        let at = if near.is_some() { members.near.len() } else { members.far.len() };
        (place.at, place.class, place.near) = (at as u32, class, near.is_some());
        match near {
            Some(near) => members.near.push(near),
            None => members.far.push(account),
        }
    }
}

impl Due {
    /// An account of a class is safe still for the rest of its way, or is to be valued.
    #[inline(always)]
    fn put(&mut self, account: u32, before: usize, rest: Option<u64>) {
        match rest.map(class) {
            Some(class) if (before..before + STAY).contains(&class.into()) => {}
            Some(class) => self.moved.push((account, class)),
            None => self.left.push(account),
        }
    }
}

/// The widest class that is safe for who may go so far: prices that are within its width of the reference, as the market
/// at hand is, are within (1 + width)² − 1 of the market at hand.
#[inline(always)]
fn class(rest: u64) -> u8 {
    let half = (rest - ((rest * rest) >> 26)).saturating_sub(1) >> 1;
    match half.checked_ilog2() {
        Some(log @ 2..) => 4 * (log as u8 - 1) + (half >> (log - 2) & 3) as u8,
        _ => half as u8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_as_wide_as_half_the_way_at_most_and_no_other_is_wider() {
        for rest in (0..4_096).chain((0..=UNITS).step_by(997)).chain([UNITS - 1, UNITS]) {
            let class = usize::from(class(rest));
            let safe = |width: u64| 2 * width * UNITS + width * width <= rest * UNITS;
            assert!(class < CLASSES && safe(width(class)), "{rest}");
            assert!(class + 2 >= CLASSES || !safe(width(class + 2)), "{rest}");
        }
    }
}
