//! Price, then class, then time.

use crate::setting::{limit, market};
use perpcore::message::{Class, Side};

behaviors! {
    the_best_price_trades_first_and_at_its_own_price(desk) {
        let (far, near) = (desk.rests(limit(1, -5, 102)), desk.rests(limit(2, -5, 101)));
        let said = desk.place(limit(3, 8, 105));
        assert_eq!(said, ["accepted #3 8@105", "filled #3 with #2 5@101", "filled #3 with #1 3@102"]);
        assert_eq!((far, near), (1, 2));
        assert_eq!(desk.queue(Side::Ask), [(1, 2, 102)]);
    }

    at_one_price_who_came_first_trades_first(desk) {
        desk.rests(limit(1, 5, 100));
        desk.rests(limit(2, 5, 100));
        assert_eq!(desk.place(limit(3, -6, 100))[1..], ["filled #3 with #1 -5@100", "filled #3 with #2 -1@100"]);
    }

    a_client_stands_before_an_affiliated_market_maker_who_came_before(desk) {
        desk.account(1, 1, Class::AffiliatedMarketMaker);
        desk.rests(limit(1, 5, 100));
        desk.rests(limit(2, 5, 100));
        desk.account(4, 4, Class::MarketMaker);
        desk.rests(limit(4, 5, 100));
        assert_eq!(desk.queue(Side::Bid), [(2, 5, 100), (3, 5, 100), (1, 5, 100)]);
        assert_eq!(desk.place(limit(3, -12, 100))[1..],
            ["filled #4 with #2 -5@100", "filled #4 with #3 -5@100", "filled #4 with #1 -2@100"]);
    }

    an_affiliated_market_maker_at_a_better_price_stands_before_clients(desk) {
        desk.account(1, 1, Class::AffiliatedMarketMaker);
        desk.rests(limit(2, 5, 100));
        desk.rests(limit(1, 5, 101));
        assert_eq!(desk.place(market(3, -5))[1..], ["filled #3 with #2 -5@101"]);
    }

    affiliated_orders_among_themselves_stand_by_time(desk) {
        desk.account(1, 1, Class::AffiliatedMarketMaker);
        desk.account(2, 2, Class::AffiliatedMarketMaker);
        desk.rests(limit(1, -5, 100));
        desk.rests(limit(2, -5, 100));
        desk.rests(limit(3, -5, 100));
        assert_eq!(desk.queue(Side::Ask), [(3, 5, 100), (1, 5, 100), (2, 5, 100)]);
    }

    a_partly_filled_order_keeps_its_place(desk) {
        desk.rests(limit(1, 10, 100));
        desk.rests(limit(2, 10, 100));
        desk.place(limit(3, -4, 100));
        assert_eq!(desk.queue(Side::Bid), [(1, 6, 100), (2, 10, 100)]);
    }
}
