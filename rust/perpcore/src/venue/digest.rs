//! The state of a venue in 256 bits: the same after the same commands. Accounts are their numbers in it, given in the order in
//! which they were first named.

use super::Venue;
use super::gate::Floor;
use super::member::Member;
use super::state::{Kin, Pace};
use crate::message::Flags;
use sha2::{Digest, Sha256};

impl Venue {
    /// SHA-256 over everything that a further command could depend on: rulebook, books, ledger, accounts, prices, what waits. The venue
    /// is as before; books are asked with it as their owner.
    pub fn digest(&mut self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.state.rules.digest());
        for instrument in 0..self.books.len() as u32 {
            let Some(book) = self.books[instrument as usize].take() else { continue };
            let floor = Floor { state: &mut self.state, books: &self.books, instrument };
            hash.update(book.digest(&floor));
            self.books[instrument as usize] = Some(book);
        }
        let state = &self.state;
        let mut tell = |numbers: &[i128]| numbers.iter().for_each(|number| hash.update(number.to_le_bytes()));
        let clocks = [state.time, state.seq as i64, state.requests as i64, self.next_settlement];
        tell(&clocks.map(i128::from));
        for &account in &state.order {
            let Some(Some(member)) = state.members.get(account as usize) else { continue };
            tell(&[account.into()]);
            tell(&numbers(member));
            list(&mut tell, member.isolated.iter().map(|(at, status)| [(*at).into(), *status as i128]));
            list(&mut tell, member.tripped.iter().map(|why| [why.code as i128, why.comes_to, why.allowed]));
            list(&mut tell, member.pulse.iter().flat_map(|pulse| pulse.numbers()));
        }
        for kin in [Kin::Client, Kin::Group] {
            let numbers = |(name, pace): (u32, Pace)| [kin as i64, name.into(), pace.second, pace.orders.into()];
            list(&mut tell, state.kin.get(kin).paces().map(|of| numbers(of).map(i128::from)));
        }
        list(&mut tell, state.halts.clients.iter().map(|client| [i128::from(*client)]));
        tell(&state.halts.classes.map(i128::from));
        state.ledger.numbers(&mut tell);
        state.falls.numbers(&mut tell);
        let withdrawals = state.withdrawals.iter();
        list(
            &mut tell,
            withdrawals.map(|(number, of)| [(*number).into(), of.account.into(), of.asset.into(), of.amount]),
        );
        let outflow = state.outflow.iter();
        list(&mut tell, outflow.map(|(time, number, value)| [(*time).into(), (*number).into(), *value]));
        for of in &state.prices.underlyings {
            tell(&[of.now.price.into(), of.now.state as i128, of.halted.into()]);
            list(&mut tell, of.told.numbers().map(|number| [i128::from(number)]));
        }
        for of in &state.prices.instruments {
            let [bid, ask] = of.outside.unwrap_or_default().map(|price| price.map_or(-1, i128::from));
            let outside = [i128::from(of.outside.is_some()), bid, ask, of.last.into()];
            tell(&outside);
            tell(&[of.price.into(), of.state as i128, of.book_mark.into(), of.book_index.into()]);
        }
        state.prices.assets.iter().for_each(|told| tell(&[told.price.into(), told.state as i128]));
        for of in &state.prices.instruments {
            hash.update(of.funding.digest());
            of.mark.iter().for_each(|mark| hash.update(mark.digest()));
        }
        // What is of no fixed length says first how long it is.
        hash.update(state.offered.len().to_le_bytes());
        for (instrument, (price, approval)) in &state.offered {
            hash.update(instrument.to_le_bytes());
            hash.update(price.to_le_bytes());
            hash.update(approval.len().to_le_bytes());
            hash.update(approval.as_bytes());
        }
        hash.update(state.changes.approved.len().to_le_bytes());
        state.changes.approved.iter().for_each(|digest| hash.update(digest.as_bytes()));
        hash.update([u8::from(state.changes.waiting.is_some())]);
        if let Some(waiting) = &state.changes.waiting {
            hash.update(waiting.rules.digest());
            hash.update(waiting.time.to_le_bytes());
            hash.update([u8::from(waiting.confirmed)]);
        }
        let indexes = state.prices.underlyings.iter().filter_map(|of| of.index.as_ref());
        indexes.for_each(|index| hash.update(index.digest()));
        hash.finalize().into()
    }
}

/// Tells rows of which there may be any number: how many first.
fn list<R: AsRef<[i128]>>(tell: &mut impl FnMut(&[i128]), rows: impl Iterator<Item = R>) {
    let rows: Vec<R> = rows.collect();
    tell(&[rows.len() as i128]);
    rows.iter().for_each(|row| tell(row.as_ref()));
}

fn numbers(member: &Member) -> [i128; 16] {
    let Member { opened, client, group, class, leverage, fee_tier, pace, status, .. } = *member;
    let Flags { no_open, no_withdraw, frozen } = member.flags;
    let time = |time: Option<i64>| time.map_or(i128::MIN, i128::from);
    [
        opened.into(),
        member.closed.into(),
        client.into(),
        group.into(),
        class as i128,
        member.portfolio.into(),
        leverage.into(),
        fee_tier as i128,
        time(member.investor_until),
        time(member.knowledge_until),
        i128::from(no_open) | i128::from(no_withdraw) << 1 | i128::from(frozen) << 2,
        time(member.deadman),
        pace.second.into(),
        pace.orders.into(),
        status as i128,
        member.halted.into(),
    ]
}
