//! The model's orders as they come and trade.

use super::*;
use perpcore::book::owner::Refused;

impl Model {
    pub(super) fn place(&mut self, place: &Place<'_>) {
        let refused = |code| {
            let Place { account, quantity, price, .. } = *place;
            Event {
                account,
                quantity,
                price: price.unwrap_or(0),
                code: Some(code),
                kind: Kind::Rejected,
                instrument: 0,
                ..Event::NOTHING
            }
        };
        let asked = owned(place);
        let id = place.client_id.as_ref().filter(|_| place.account != NOBODY).map(called);
        if let Some(id) = &id {
            if matches!(id, Called::Text(text) if text.len() > CLIENT_ID_BYTES) {
                return self.say(refused(Code::OutOfRange));
            }
            let known = self.known.iter().find(|known| known.account == place.account && known.called == *id);
            match known {
                Some(known) if known.asked == asked => return self.out.extend(known.said.clone()),
                Some(_) => return self.say(refused(Code::ClientIdReused)),
                None => {}
            }
            let mut of: Vec<&mut Known> =
                self.known.iter_mut().filter(|known| known.account == place.account && !known.forgotten).collect();
            if of.len() >= self.terms.client_ids as usize {
                of[0].forgotten = true;
            }
        }
        let from = self.out.len();
        let order = match self.admit(place) {
            Ok((lots, price)) => self.enter(place, lots, price),
            Err(code) => Err(code),
        };
        let order = order.unwrap_or_else(|code| {
            self.say(refused(code));
            0
        });
        if let Some(called) = id {
            let (said, since) = (self.out[from..].to_vec(), self.time);
            self.known.push(Known { account: place.account, called, asked, order, said, since, forgotten: false });
        }
    }

    fn enter(&mut self, place: &Place<'_>, lots: i64, price: i64) -> Result<u64, Code> {
        let (_, group, class) = self.who(place.account);
        let mut order = Lives {
            id: self.serial + 1,
            account: place.account,
            buys: place.quantity > 0,
            price,
            left: lots,
            filled: 0,
            reduces: place.reduce_only,
            isolated: place.isolated,
            post: place.post_only,
            stp: place.stp,
            liquidates: place.liquidation,
            tif: place.tif,
            market: place.price.is_none(),
            group,
            class,
            born: self.time,
            until: place.until.unwrap_or(i64::MAX),
            waits: place.trigger,
            touch: self.touch(place.quantity < 0),
            queued: 0,
        };
        if order.waits.is_none() {
            self.fits(&mut order)?;
        }
        self.serial += 1;
        let event = self.about(Kind::Accepted, &order, lots, None);
        self.say(event);
        if order.waits.is_some() {
            self.orders.push(order);
            return Ok(self.serial);
        }
        let id = order.id;
        self.run(order);
        Ok(id)
    }

    /// Post-only and fill-or-kill, at the moment at which an order would trade.
    pub(super) fn fits(&self, order: &mut Lives) -> Result<(), Code> {
        if !self.trading() {
            return Ok(());
        }
        if let (Some(post), Some(best)) = (order.post, self.first(!order.buys))
            && self.reaches(order, best.price)
        {
            let beside = best.price - signed(order.buys, 1);
            if post == PostOnly::Reject || beside < 1 {
                return Err(Code::WouldTake);
            }
            order.price = beside;
        }
        if order.tif == Tif::Fok {
            let (mut there, mut gone) = (0, BTreeMap::new());
            for maker in self.queue(!order.buys) {
                if there >= order.left || !self.reaches(order, maker.price) {
                    break;
                }
                let gives = self.then_left(&gone, &maker);
                if !self.own(order, &maker) {
                    let gives = gives.min(order.left - there);
                    *gone.entry((maker.account, maker.isolated)).or_insert(0) += gives;
                    there += gives;
                } else if gives > 0 && !order.liquidates && order.stp != Stp::Maker {
                    return Err(Code::NotFillable);
                }
            }
            if there < order.left {
                return Err(Code::NotFillable);
            }
        }
        Ok(())
    }

    /// What is left of a resting order once so much of each position is gone.
    pub(super) fn then_left(&self, gone: &BTreeMap<(u32, bool), i64>, maker: &Lives) -> i64 {
        if !maker.reduces {
            return maker.left;
        }
        let closes = -signed(maker.buys, self.held(maker.account, maker.isolated));
        let gone = gone.get(&(maker.account, maker.isolated)).copied().unwrap_or(0);
        maker.left.min((closes - gone).max(0))
    }

    pub(super) fn run(&mut self, mut order: Lives) {
        if order.reduces && !self.trim(&mut order) {
            return;
        }
        let stop = if self.trading() { self.sweep(&mut order) } else { Stop::Beyond };
        let code = match stop {
            Stop::Filled => return,
            Stop::Beyond if !matches!(order.tif, Tif::Ioc | Tif::Fok) => return self.rest(order),
            Stop::Beyond => Code::Unmatched,
            Stop::By(code) => code,
        };
        let event = self.about(Kind::Canceled, &order, order.left, Some(code));
        self.say(event);
    }

    fn rest(&mut self, mut order: Lives) {
        self.stamps += 1;
        (order.queued, order.waits) = (self.stamps, None);
        let (account, isolated, reduces) = (order.account, order.isolated, order.reduces);
        self.orders.push(order);
        if reduces {
            self.cut(account, isolated);
        }
    }

    /// Cuts a reduce-only order to the position.
    fn trim(&mut self, order: &mut Lives) -> bool {
        let held = -signed(order.buys, self.held(order.account, order.isolated));
        let beyond = order.left - held.max(0);
        if held <= 0 {
            let event = self.about(Kind::Canceled, order, order.left, Some(Code::NothingToReduce));
            self.say(event);
        } else if beyond > 0 {
            let event = self.about(Kind::Canceled, order, beyond, Some(Code::BeyondPosition));
            self.say(event);
            order.left = held;
        }
        held > 0
    }

    fn sweep(&mut self, taker: &mut Lives) -> Stop {
        while taker.left > 0 {
            let Some(maker) = self.first(!taker.buys).filter(|maker| self.reaches(taker, maker.price)) else {
                return Stop::Beyond;
            };
            let lots = taker.left.min(maker.left);
            if self.own(taker, &maker) {
                match if taker.liquidates { Stp::Maker } else { taker.stp } {
                    Stp::Taker => return Stop::By(Code::SelfTrade),
                    Stp::Maker => self.end(maker.id, Kind::Canceled, Code::SelfTrade),
                    Stp::Both => {
                        self.end(maker.id, Kind::Canceled, Code::SelfTrade);
                        return Stop::By(Code::SelfTrade);
                    }
                    Stp::Decrement => {
                        for order in [&*taker, &maker] {
                            let event = self.about(Kind::Canceled, order, lots, Some(Code::SelfTrade));
                            self.say(event);
                        }
                        taker.left -= lots;
                        self.less(maker.id, lots, 0);
                    }
                }
                continue;
            }
            if let Some(refused) = self.owner.judges(&fill(taker, &maker, lots, maker.price)) {
                if refused != Refused::Taker {
                    self.end(maker.id, Kind::Canceled, Code::FillRefused);
                }
                return Stop::By(Code::FillRefused);
            }
            (taker.left, taker.filled) = (taker.left - lots, taker.filled + lots);
            let who = if taker.buys { Aggressor::Bid } else { Aggressor::Ask };
            self.trade(taker, &maker, lots, maker.price, who);
            self.cut(taker.account, taker.isolated);
        }
        Stop::Filled
    }

    fn less(&mut self, id: u64, lots: i64, filled: i64) {
        let at = self.at(id);
        let order = &mut self.orders[at];
        (order.left, order.filled) = (order.left - lots, order.filled + filled);
        if order.left == 0 {
            self.orders.remove(at);
        }
    }

    pub(super) fn trade(&mut self, taker: &Lives, maker: &Lives, lots: i64, price: i64, aggressor: Aggressor) {
        self.trades += 1;
        self.last = price * self.tick();
        self.owner.filled(&fill(taker, maker, lots, price));
        self.less(maker.id, lots, lots);
        if aggressor == Aggressor::Neither {
            self.less(taker.id, lots, lots);
        }
        self.say(Event {
            order: taker.id,
            other_order: maker.id,
            trade: self.trades,
            quantity: signed(taker.buys, lots) * self.lot(),
            price: price * self.tick(),
            account: taker.account,
            other_account: maker.account,
            class: taker.class,
            other_class: maker.class,
            aggressor,
            kind: Kind::Filled,
            instrument: 0,
            ..Event::NOTHING
        });
        self.cut(maker.account, maker.isolated);
    }

    /// Cuts resting reduce-only orders to the position, the least aggressive first.
    pub(super) fn cut(&mut self, account: u32, isolated: bool) {
        loop {
            let held = self.held(account, isolated);
            let mut of: Vec<&Lives> = self
                .orders
                .iter()
                .filter(|order| {
                    order.reduces && order.waits.is_none() && order.account == account && order.isolated == isolated
                })
                .collect();
            let closes = |order: &Lives| held != 0 && order.buys == (held < 0);
            of.sort_by_key(|order| (!closes(order), signed(!order.buys, order.price), order.id));
            let Some(worst) = of.last().map(|worst| (*worst).clone()) else { return };
            let total: i64 = of.iter().filter(|order| closes(order)).map(|order| order.left).sum();
            if !closes(&worst) {
                self.end(worst.id, Kind::Canceled, Code::BeyondPosition);
            } else if total > held.abs() {
                let lots = worst.left.min(total - held.abs());
                let event = self.about(Kind::Canceled, &worst, lots, Some(Code::BeyondPosition));
                self.say(event);
                self.less(worst.id, lots, 0);
            } else {
                return;
            }
        }
    }
}

pub(super) fn fill(taker: &Lives, maker: &Lives, lots: i64, price: i64) -> Fill {
    Fill {
        taker: taker.account,
        maker: maker.account,
        side: if taker.buys { Side::Bid } else { Side::Ask },
        taker_isolated: taker.isolated,
        maker_isolated: maker.isolated,
        lots,
        price,
        maker_order: maker.id,
        trade: 0,
        auction: false,
    }
}

fn owned(place: &Place<'_>) -> Place<'static> {
    let Place {
        account, quantity, price, tif, until, post_only, reduce_only, isolated, trigger, stp, liquidation, ..
    } = *place;
    Place {
        account,
        client_id: None,
        quantity,
        price,
        sent: None,
        tif,
        until,
        post_only,
        reduce_only,
        isolated,
        trigger,
        stp,
        liquidation,
    }
}
