//! A moment in time: a TOML date-time with its offset, held in nanoseconds UTC.

use super::json::Json;
use super::kind::Leaf;
use super::node::Value;

/// The moment from which something holds.
pub(super) struct Instant;

const NS: i64 = 1_000_000_000;
const DAY_S: i64 = 86_400;
/// Within these years nanoseconds fit in `i64` and a time in another unit is recognized as one.
const YEARS: std::ops::Range<i64> = 2000..2200;

impl Leaf for Instant {
    type Held = i64;

    fn parse(&self, value: &Value) -> Option<i64> {
        let (Value::Datetime(text) | Value::Text(text)) = value else { return None };
        nanoseconds(text)
    }

    fn text(&self, held: &i64) -> String {
        let (seconds, ns) = (held.div_euclid(NS), held.rem_euclid(NS));
        let (year, month, day) = date_of(seconds.div_euclid(DAY_S));
        let second = seconds.rem_euclid(DAY_S);
        let fraction = if ns == 0 { String::new() } else { format!(".{ns:09}").trim_end_matches('0').to_string() };
        let (hour, minute) = (second / 3600, second / 60 % 60);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}{fraction}Z", second % 60)
    }

    fn form(&self) -> String {
        format!("a date-time with its offset, 2026-12-01T00:00:00Z, {} to {}", YEARS.start, YEARS.end - 1)
    }

    fn unit(&self) -> &'static str {
        "UTC"
    }

    fn schema(&self) -> Json {
        Json::of_type("string").with("format", Json::text("date-time"))
    }
}

/// Reads `2026-12-01T08:00:00.5+08:00`; seconds and their fraction may be left out, `T` may be a space.
fn nanoseconds(text: &str) -> Option<i64> {
    let (date, clock) = text.split_once(['T', 't', ' '])?;
    let (clock, offset_s) = match clock.strip_suffix(['Z', 'z']) {
        Some(clock) => (clock, 0),
        None => {
            let (clock, offset) = clock.split_at_checked(clock.len().checked_sub("+08:00".len())?)?;
            let (sign, offset) = offset.split_at_checked(1)?;
            let [hour, minute] = numbers(offset, ':', [23, 59])?;
            let east_s = hour * 3600 + minute * 60;
            match sign {
                "+" => (clock, east_s),
                "-" => (clock, -east_s),
                _ => return None,
            }
        }
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let [hour, minute, second] = match clock.len() {
        5 => numbers(clock, ':', [23, 59]).map(|[hour, minute]| [hour, minute, 0])?,
        _ => numbers(clock, ':', [23, 59, 59])?,
    };
    let [year, month, day] = numbers(date, '-', [9_999, 12, 31])?;
    let days = days_of(year, month, day);
    // A day that the month does not have, a 30 February, comes back as another.
    let exists = date.len() == 10 && date_of(days) == (year, month, day);
    let utc_s = days * DAY_S + hour * 3600 + minute * 60 + second - offset_s;
    let admitted = days_of(YEARS.start, 1, 1) * DAY_S..days_of(YEARS.end, 1, 1) * DAY_S;
    let ns = numbers(&format!("{fraction:0<9}"), '.', [NS - 1]).filter(|_| fraction.len() <= 9)?;
    (exists && admitted.contains(&utc_s)).then(|| utc_s * NS + ns[0])
}

/// Exactly `N` unsigned numbers with a separator, each up to its largest value.
fn numbers<const N: usize>(text: &str, separator: char, largest: [i64; N]) -> Option<[i64; N]> {
    let mut pieces = text.split(separator);
    let mut found = [0; N];
    for (number, most) in found.iter_mut().zip(largest) {
        let piece = pieces.next().filter(|piece| piece.bytes().all(|b| b.is_ascii_digit()))?;
        *number = piece.parse().ok().filter(|value| *value <= most)?;
    }
    pieces.next().is_none().then_some(found)
}

/// Days from 1970-01-01 in the Gregorian calendar. The year is taken to begin in March, so that the leap day is
/// its last and a month's days before it are (153·m + 2) / 5.
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let from_march = (month + 9) % 12;
    let year = year - i64::from(month <= 2);
    365 * year + year / 4 - year / 100 + year / 400 + (153 * from_march + 2) / 5 + day - 1 - TO_1970
}

/// From 0000-03-01 to 1970-01-01.
const TO_1970: i64 = 719_468;

/// The date of a day from 1970-01-01 on: [`days_of`] backward, 146,097 days in 400 years.
fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + TO_1970;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let in_year = day - (365 * year + year / 4 - year / 100);
    let from_march = (5 * in_year + 2) / 153;
    let month = (from_march + 2) % 12 + 1;
    (400 * era + year + i64::from(month <= 2), month, in_year - (153 * from_march + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<i64> {
        Instant.parse(&Value::Datetime(text.to_string()))
    }

    #[test]
    fn times_are_read_in_utc() {
        let rows = [
            ("2000-01-01T00:00:00Z", Some(946_684_800 * NS)),
            ("2026-12-01T00:00:00Z", Some(1_796_083_200 * NS)),
            ("2026-12-01T08:00:00+08:00", Some(1_796_083_200 * NS)),
            ("2026-12-01T00:00:00.000000001Z", Some(1_796_083_200 * NS + 1)),
            ("2024-02-29T12:30:45Z", Some(1_709_209_845 * NS)),
            ("2026-12-01T00:00:00", None),
            ("2026-12-01", None),
            ("1999-12-31T00:00:00Z", None),
            ("2000-01-01T07:59:59+08:00", None),
            ("9999-12-31T00:00:00Z", None),
            ("2026-12-01T00:00:00.5-00:30", Some(1_796_085_000 * NS + NS / 2)),
            ("2026-12-01 00:00Z", Some(1_796_083_200 * NS)),
            ("2026-02-29T00:00:00Z", None),
            ("2026-12-01T24:00:00Z", None),
            ("2026-12-01T00:00:00+é8:00", None),
            ("2026-12-01T00:00:00.1234567891Z", None),
            ("2026-12-01T00:00:00*08:00", None),
            ("tomorrow", None),
        ];
        for (text, wanted) in rows {
            assert_eq!(parse(text), wanted, "{text}");
        }
    }

    #[test]
    fn every_day_reads_back() {
        for day in days_of(2000, 1, 1)..days_of(2199, 12, 31) {
            let (year, month, day_of_month) = date_of(day);
            assert_eq!(days_of(year, month, day_of_month), day);
            let text = Instant.text(&(day * DAY_S * NS + 5));
            assert_eq!(parse(&text), Some(day * DAY_S * NS + 5), "{text}");
        }
    }
}
