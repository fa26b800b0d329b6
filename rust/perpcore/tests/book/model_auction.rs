//! The model's phases and auctions: every tick between the best ask and the best bid is tried.

use super::trading::fill;
use super::*;
use perpcore::book::owner::Refused;

impl Model {
    /// Price, volume and surplus of an auction now.
    pub fn indicative(&self) -> Option<(i64, i64, i64)> {
        let (low, high) = (self.first(false)?.price, self.first(true)?.price);
        if low > high {
            return None;
        }
        let reference = if self.mark != 0 { self.mark } else { self.last };
        let mut demand = vec![0_i64; (high - low + 2) as usize];
        let mut supply = vec![0_i64; (high - low + 2) as usize];
        for order in self.orders.iter().filter(|order| order.waits.is_none()) {
            if order.buys && order.price >= low {
                demand[(order.price - low) as usize] += order.left;
            } else if !order.buys && order.price <= high {
                supply[(order.price - low) as usize] += order.left;
            }
        }
        for at in (0..=(high - low) as usize).rev() {
            demand[at] += demand[at + 1];
        }
        for at in 1..=(high - low) as usize {
            supply[at] += supply[at - 1];
        }
        let rank = |price: i64| {
            let (bought, sold) = (demand[(price - low) as usize], supply[(price - low) as usize]);
            let away = if reference == 0 {
                0
            } else {
                (i128::from(price) * i128::from(self.tick()) - i128::from(reference)).abs()
            };
            (-bought.min(sold), (bought - sold).abs(), away, price, bought - sold)
        };
        (low..=high).map(rank).min().map(|(lots, _, _, price, surplus)| (price, -lots, surplus))
    }

    pub(super) fn indicate(&mut self) {
        if let Some((price, lots, _)) = self.indicative().filter(|_| !self.trading()) {
            let (price, quantity) = (price * self.tick(), lots * self.lot());
            self.say(Event { price, quantity, kind: Kind::Indicative, ..Event::NOTHING });
        }
    }

    pub(super) fn enter_phase(&mut self, phase: Phase) {
        let event = Event { before: self.phase as u8, after: phase as u8, kind: Kind::Phase, ..Event::NOTHING };
        if self.phase == Phase::Settled {
            return self.say(Event { kind: Kind::Rejected, code: Some(Code::PhaseRefused), ..event });
        }
        if matches!(phase, Phase::ReduceOnly | Phase::Settled) {
            let adds = |order: &&Lives| phase == Phase::Settled || !order.reduces;
            let mut over: Vec<u64> = self.orders.iter().filter(adds).map(|order| order.id).collect();
            over.sort_unstable();
            over.into_iter().for_each(|id| self.end(id, Kind::Canceled, Code::PhaseRefused));
        }
        if !matches!(phase, Phase::Open | Phase::ReduceOnly) {
            self.phase = phase;
            return self.say(event);
        }
        if !self.clear() {
            return self.extend();
        }
        self.phase = phase;
        self.say(event);
        while let Some((price, mut lots, _)) = self.indicative() {
            while lots > 0 {
                let (Some(buyer), Some(seller)) = (self.first(true), self.first(false)) else { break };
                if buyer.price < price || seller.price > price {
                    break;
                }
                let traded = buyer.left.min(seller.left).min(lots);
                let refused = self.owner.judges(&fill(&buyer, &seller, traded, price)).is_some();
                if refused || self.own(&buyer, &seller) {
                    break;
                }
                lots -= traded;
                self.trade(&buyer, &seller, traded, price, Aggressor::Neither);
                self.cut(buyer.account, buyer.isolated);
            }
            if !self.clear() {
                return self.extend();
            }
        }
    }

    fn extend(&mut self) {
        let (before, after) = (self.phase as u8, Phase::Auction as u8);
        self.phase = Phase::Auction;
        self.say(Event { before, after, code: Some(Code::AuctionExtended), kind: Kind::Phase, ..Event::NOTHING });
        self.indicate();
    }

    /// Ends what must not trade; false where the price is beyond the collar.
    fn clear(&mut self) -> bool {
        while let Some((price, ..)) = self.indicative() {
            let failing = self.failing(price);
            if failing.is_empty() {
                return self.inside(true, price) && self.inside(false, price);
            }
            failing.into_iter().for_each(|(id, code)| self.end(id, Kind::Canceled, code));
        }
        true
    }

    /// Pairs as they would trade, and which of them may not.
    fn failing(&mut self, price: i64) -> Vec<(u64, Code)> {
        let mut bids: Vec<Lives> = self.queue(true).into_iter().filter(|order| order.price >= price).collect();
        let mut asks: Vec<Lives> = self.queue(false).into_iter().filter(|order| order.price <= price).collect();
        let mut failing = Vec::new();
        while let (Some(buyer), Some(seller)) = (bids.first().cloned(), asks.first().cloned()) {
            let lots = buyer.left.min(seller.left);
            let bid_came = buyer.id > seller.id;
            let ((bid_ends, ask_ends), code) = if self.own(&buyer, &seller) {
                let ends = match if bid_came { buyer.stp } else { seller.stp } {
                    Stp::Taker | Stp::Decrement => (bid_came, !bid_came),
                    Stp::Maker => (!bid_came, bid_came),
                    Stp::Both => (true, true),
                };
                (ends, Code::SelfTrade)
            } else {
                let refused = self.owner.judges(&fill(&buyer, &seller, lots, price));
                let bid = matches!(refused, Some(Refused::Taker | Refused::Both));
                ((bid, matches!(refused, Some(Refused::Maker | Refused::Both))), Code::FillRefused)
            };
            if bid_ends {
                failing.push((bids.remove(0).id, code));
            }
            if ask_ends {
                failing.push((asks.remove(0).id, code));
            }
            if !bid_ends && !ask_ends {
                for queue in [&mut bids, &mut asks] {
                    queue[0].left -= lots;
                    if queue[0].left == 0 {
                        queue.remove(0);
                    }
                }
            }
        }
        failing
    }
}
