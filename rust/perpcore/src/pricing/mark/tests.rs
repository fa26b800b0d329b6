//! Cases by hand. An index of 10,000, a rate of 0.01 % and half of the interval left carry it to 10,000.5.

use super::*;
use crate::num::text;
use crate::rules::Rulebook;

const HOUR: i64 = 3_600 * SECOND;
/// Half of an interval of eight hours.
const NOW: i64 = 4 * HOUR;

fn mark(change: &str) -> Mark {
    let text = format!(
        r#"
        extends = "hk-vatp-perp"
        [instrument.BTC-PERP.mark]
        band = "1%"
        {change}
        "#
    );
    let rules = Rulebook::parse(&text, "test").unwrap();
    let underlying = &rules.underlyings()[rules.underlying_index("BTC").unwrap()];
    Mark::new(&rules.instruments()[rules.instrument_index("BTC-PERP").unwrap()], underlying)
}

fn grid(number: &str) -> i64 {
    text::parse(number).unwrap() as i64
}

/// None for a dash.
fn price(word: &str) -> Option<i64> {
    (word != "-").then(|| grid(word))
}

/// An update from `index=10000 bid=- ask=10051 last=10050`.
fn told(words: &str) -> Update {
    let mut update = Update::default();
    for (name, word) in words.split_whitespace().map(|word| word.split_once('=').unwrap()) {
        match name {
            "index" => update.index = Some(price(word)),
            "state" => update.state = crate::word::Word::parse(word),
            "bid" => update.bid = Some(price(word)),
            "ask" => update.ask = Some(price(word)),
            "impact_bid" => update.impact_bid = Some(price(word)),
            "impact_ask" => update.impact_ask = Some(price(word)),
            "last" => update.last = price(word),
            "rate" => update.funding_rate = Some(grid(word)),
            _ => panic!("{name}"),
        }
    }
    update
}

/// Follows `seconds: update` lines, counted from [`NOW`]; the last mark.
fn followed(mark: &mut Mark, lines: &[(i64, &str)]) -> Marked {
    let marks = lines.iter().map(|(second, words)| mark.update(NOW + second * SECOND, &told(words)).unwrap());
    marks.last().unwrap()
}

fn shown(marked: &Marked) -> String {
    let mark = marked.mark.map_or("none".to_string(), |mark| text::plain(mark.into()));
    let rule = marked.rule.map_or("none", crate::word::Word::text);
    let bound = marked.bound.map_or(String::new(), |bound| format!(" at its {}", crate::word::Word::text(bound)));
    format!("{mark} by {rule} of {}{bound}, {}", marked.inputs, crate::word::Word::text(marked.state))
}

#[test]
fn the_mark_is_the_median_of_what_there_is() {
    // The second before says a basis of 12.5: 10,012.5.
    let before = "index=10000 rate=0.0001 bid=10012 ask=10013";
    for (now, expected) in [
        ("bid=10049 ask=10051 last=10050", "10012.5 by median3 of 3, live"),
        ("bid=9989 ask=9991 last=9990", "10000.5 by median3 of 3, live"),
        ("bid=10004 ask=10006 last=10005", "10005 by median3 of 3, live"),
        // The last trade counts between the best bid and the best ask only.
        ("bid=10004 ask=10006 last=10900", "10006 by median3 of 3, live"),
        // Two of the three: their mean. One: itself.
        ("bid=10004 ask=10006", "10005 by median3 of 3, live"),
        ("bid=- ask=10006 last=10005", "10005.5 by median3 of 3, live"),
        ("bid=- ask=- last=10004", "10004 by median3 of 3, live"),
        // A crossed book is none; the average of the mid stands in: 10,012.5.
        ("bid=10006 ask=10006", "10012.5 by average of 2, live"),
        ("bid=- ask=-", "10012.5 by average of 2, live"),
    ] {
        let marked = followed(&mut mark(""), &[(-1, before), (0, now)]);
        assert_eq!(shown(&marked), expected, "{now}");
        assert_eq!([marked.carried, marked.basis], [Some(grid("10000.5")), Some(grid("10012.5"))]);
    }
}

#[test]
fn an_average_that_is_too_old_does_not_stand_in() {
    // 10,007 two times and 10,018 once: (2·7·d + 18)/(2·d + 1) is no matter; what matters is which rule.
    let book = "index=10000 rate=0.0001 bid=10012 ask=10013";
    let quiet = [(0, "bid=- ask=-"), (29, "index=10000"), (59, "index=10000")];
    // The last step was at second 0, 59 s before: it stands in, though no sample of the basis is left in 30 s.
    let marked = followed(&mut mark("samples = 60"), &[&[(-1, book)], &quiet[..]].concat());
    assert_eq!(shown(&marked), "10012.5 by average of 2, live");
    // 60 s: the mean of 10,000 + 1·(4 h − 60 s)/8 h = 10,000.49791667 and 10,012.5.
    let marked = followed(&mut mark("samples = 61"), &[&[(-1, book)], &quiet[..], &[(60, "index=10000")]].concat());
    assert_eq!(shown(&marked), "10006.49895833 by mean of 2, live");
    // Without a sample of the basis left: the carried index alone, which is thin at best.
    let marked = followed(&mut mark("samples = 30"), &[&[(-1, book)], &quiet[..], &[(60, "index=10000")]].concat());
    assert_eq!(shown(&marked), "10000.49791667 by single of 1, thin");
}

#[test]
fn it_never_leaves_the_band_around_the_index() {
    let lines = [(-1, "index=10000 bid=10199 ask=10201"), (0, "last=10200")];
    assert_eq!(shown(&followed(&mut mark(""), &lines)), "10100 by median3 of 3 at its band, live");
    // By the last trade alone: the carried index is 10,000, so the median is the mean basis or the book, within the band.
    let lines = [(0, "index=10000"), (1, "index=10000 last=40000")];
    assert_eq!(shown(&followed(&mut mark(""), &lines)), "10100 by mean of 2 at its band, live");
}

#[test]
fn without_a_fresh_index_it_may_not_be_used() {
    let lines = [(0, "index=10000 bid=9999 ask=10001"), (10, "bid=9999 ask=10001"), (11, "bid=9999 ask=10001")];
    assert_eq!(shown(&followed(&mut mark(""), &lines[..2])), "10000 by median3 of 3, live");
    // 11 s are more than 10; seconds 1 to 10 are samples, the eleventh is not.
    let marked = followed(&mut mark(""), &lines);
    assert_eq!(shown(&marked), "10000 by median3 of 3, frozen");
    assert_eq!(marked.samples, 10);
    let marked = followed(&mut mark(""), &[(0, "index=- bid=9999 ask=10001")]);
    assert_eq!(shown(&marked), "none by none of 0, frozen");
    let marked = followed(&mut mark(""), &[(0, "index=10000 state=protected bid=9999 ask=10001")]);
    assert_eq!(marked.state, PriceState::Protected);
}

#[test]
fn samples_of_a_price_that_is_held_are_none() {
    let lines = [(0, "index=10000 state=frozen bid=9999 ask=10001"), (5, "index=10000")];
    assert_eq!(followed(&mut mark(""), &lines).samples, 0);
}

#[test]
fn the_fair_basis_is_an_average_that_stands_still_while_the_book_is_wide() {
    let fair = || mark("method = \"fair_basis\"\nema = 0.5");
    // 0.001 for a second, then 0.02, of which 0.01 counts: (0.001·0.5 + 0.01) / 1.5 = 0.007.
    let lines = [
        (0, "index=10000 impact_bid=10005 impact_ask=10015"),
        (1, "index=10000 impact_bid=10195 impact_ask=10205"),
        (2, "index=10000"),
    ];
    assert_eq!(shown(&followed(&mut fair(), &lines)), "10070 by fair_basis of 2, live");
    // −0.02 for two seconds, of which −0.01 counts; a second of a spread of 0.500001 % that does not count; one of 0.5 %:
    // (−0.01·2·0.5 + 0.001) / (2·0.5 + 1) = −0.0045.
    let lines = [
        (0, "index=10000 impact_bid=9795 impact_ask=9805"),
        (2, "index=10000 impact_bid=10014.99995 impact_ask=10065.00005"),
        (3, "index=10000 impact_bid=9985 impact_ask=10035"),
        (4, "index=10000"),
    ];
    assert_eq!(shown(&followed(&mut fair(), &lines)), "9955 by fair_basis of 2, live");
    assert_eq!(shown(&followed(&mut fair(), &lines[..1])), "10000 by fair_basis of 1, live");
}

#[test]
fn a_speed_limit_holds_it_back_and_says_so() {
    // 0.1 % of 10,000 a second. After a jump of the index to 10,500 the mark is 10,010, 10,020, …; the band of 1 % begins at
    // 10,395, so until then it may not be used.
    let book = |index: i64| format!("index={index} bid={} ask={} last={index}", index - 1, index + 1);
    let mut limited = mark("speed = \"0.1%\"");
    followed(&mut limited, &[(0, &book(10_000))]);
    let marked = followed(&mut limited, &[(1, &book(10_500))]);
    assert_eq!(shown(&marked), "10010 by median3 of 3 at its speed, protected");
    // However often it is asked within a second.
    let again = limited.update(NOW + SECOND + 500_000_000, &told(&book(10_500))).unwrap();
    assert_eq!(again.mark, Some(grid("10010")));
    // 10,010 and 0.1 % of it for each of 2 seconds.
    let marked = followed(&mut limited, &[(3, &book(10_500))]);
    assert_eq!(shown(&marked), "10030.02 by median3 of 3 at its speed, protected");
    for second in 4..39 {
        followed(&mut limited, &[(second, &book(10_500))]);
    }
    let marked = followed(&mut limited, &[(39, &book(10_500))]);
    assert_eq!((marked.state, marked.bound), (PriceState::Live, Some(Bounded::Speed)));
}
