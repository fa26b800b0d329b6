//! The model's orders as they change and fire.

use super::*;

impl Model {
    pub(super) fn amend(&mut self, command: &Command<'_>, amend: &Amend<'_>, names: &BTreeMap<u64, u64>) {
        let Some(id) = self.find(&amend.order, amend.account, names) else {
            return self.refuse(command, Code::UnknownOrder);
        };
        match self.amended(&self.orders[self.at(id)], amend) {
            Err(code) => self.refuse(command, code),
            Ok(changed) => self.change(changed),
        }
    }

    fn amended(&self, order: &Lives, amend: &Amend<'_>) -> Result<Lives, Code> {
        let mut new = order.clone();
        if amend.price.is_none() && amend.quantity.is_none() {
            return Err(Code::NullValue);
        }
        if amend.price.is_some() {
            if order.market {
                return Err(Code::ConflictingValues);
            }
            new.price = self.limit(amend.price)?;
        }
        let mut total = order.left + order.filled;
        if let Some(quantity) = amend.quantity {
            if !(-QUANTITY_MAX..=QUANTITY_MAX).contains(&quantity) {
                return Err(Code::OutOfRange);
            }
            if quantity == 0 || quantity % self.lot() != 0 {
                return Err(Code::OffLot);
            }
            if (quantity > 0) != order.buys {
                return Err(Code::ConflictingValues);
            }
            total = quantity.abs() / self.lot();
        }
        if total <= order.filled {
            return Err(Code::BelowFilled);
        }
        if total > self.terms.max_lots {
            return Err(Code::AboveMaxSize);
        }
        let closes = self.held(order.account, order.isolated) == -signed(order.buys, total - order.filled);
        if amend.quantity.is_some() && total < self.terms.min_lots && !(closes && order.account != NOBODY) {
            return Err(Code::BelowMinSize);
        }
        new.left = total - order.filled;
        let keeps = new.price == order.price && new.left <= order.left;
        match self.phase {
            Phase::Preopen | Phase::Auction | Phase::Open => {}
            Phase::ReduceOnly if keeps || order.reduces => {}
            _ => return Err(Code::PhaseRefused),
        }
        if keeps {
            return Ok(new);
        }
        if order.waits.is_none() && !self.inside(order.buys, new.price) {
            return Err(Code::OutsideCollar);
        }
        if new.left > order.left
            && order.account != NOBODY
            && !self.position_with(order.account, order.buys, (order.isolated, new.left - order.left))
        {
            return Err(Code::PositionLimit);
        }
        if order.waits.is_none() && self.trading() {
            self.fits(&mut new)?;
            let (mut there, mut gone) = (0, BTreeMap::new());
            for maker in self.queue(!new.buys) {
                if there >= new.left || !self.reaches(&new, maker.price) {
                    break;
                }
                let gives = self.then_left(&gone, &maker);
                if gives > 0 && self.own(&new, &maker) && matches!(new.stp, Stp::Taker | Stp::Both) {
                    return Err(Code::SelfTrade);
                }
                let gives = gives.min(new.left - there);
                *gone.entry((maker.account, maker.isolated)).or_insert(0) += gives;
                there += gives;
            }
        }
        Ok(new)
    }

    fn change(&mut self, mut new: Lives) {
        let at = self.at(new.id);
        let event = self.about(Kind::Amended, &new, new.left, None);
        self.say(event);
        let old = &self.orders[at];
        if old.waits.is_some() || (new.price == old.price && new.left <= old.left) {
            self.orders[at] = new;
            return;
        }
        self.orders.remove(at);
        // While it is out, it takes as it stands: good till canceled, and not as a liquidation.
        (new.tif, new.liquidates) = (if new.tif == Tif::Gtd { Tif::Gtd } else { Tif::Gtc }, false);
        self.run(new);
    }

    pub(super) fn fire_triggers(&mut self) {
        for _ in 0..1_000 {
            if !self.trading() {
                return;
            }
            let watched = [self.mark, self.index, self.last];
            let due = self.orders.iter().filter_map(|order| {
                let Trigger { price, by, when } = order.waits?;
                let now = watched[by as usize];
                let above = when == TriggerWhen::AtOrAbove;
                let reached = now != 0 && if above { now >= price } else { now <= price };
                reached.then_some((by as usize, !above, if above { price } else { -price }, order.id))
            });
            let Some((_, _, _, id)) = due.min() else { return };
            let mut order = self.orders.remove(self.at(id));
            let price = order.waits.take().map_or(0, |trigger| trigger.price);
            let event = Event { price, ..self.about(Kind::Triggered, &order, order.left, None) };
            self.say(event);
            order.touch = self.touch(!order.buys);
            let before = order.clone();
            let fits = if order.market || self.inside(order.buys, order.price) {
                self.fits(&mut order)
            } else {
                Err(Code::OutsideCollar)
            };
            match fits {
                Ok(()) => self.run(order),
                Err(code) => {
                    let event = self.about(Kind::Canceled, &before, before.left, Some(code));
                    self.say(event);
                }
            }
        }
    }
}
