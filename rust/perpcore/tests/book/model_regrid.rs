//! The model goes by other terms: everything in g and back.

use super::*;

impl Model {
    pub fn change_terms(&mut self, cause: u64, terms: Terms) -> Vec<Event> {
        self.cause = cause;
        let (tick, lot) = (terms.tick.size, terms.lot.size);
        let off = |model: &Model, order: &Lives| {
            let off_lot = [order.left, order.filled].iter().any(|lots| lots * model.lot() % lot != 0);
            let code = if order.price * model.tick() % tick != 0 { Some(Code::OffTick) } else { None };
            code.or(off_lot.then_some(Code::OffLot)).map(|code| (order.id, code))
        };
        let mut over: Vec<(u64, Code)> = self.orders.iter().filter_map(|order| off(self, order)).collect();
        over.sort_unstable_by_key(|(id, _)| *id);
        over.into_iter().for_each(|(id, code)| self.end(id, Kind::Canceled, code));
        let before = (self.tick(), self.lot());
        for order in &mut self.orders {
            order.price = order.price * before.0 / tick;
            order.left = order.left * before.1 / lot;
            order.filled = order.filled * before.1 / lot;
        }
        self.remember_less();
        let accounts: std::collections::BTreeSet<u32> = self.known.iter().map(|known| known.account).collect();
        for account in accounts {
            let of = self.known.iter_mut().rev().filter(|known| known.account == account && !known.forgotten);
            of.skip(terms.client_ids as usize).for_each(|known| known.forgotten = true);
        }
        self.remember_less();
        self.terms = terms;
        self.owner.lot = lot;
        std::mem::take(&mut self.out)
    }
}
