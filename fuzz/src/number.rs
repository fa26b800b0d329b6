//! Numbers onto the grid, against a second way of reading them that shares nothing with the first.

use perpcore::num::text::{parse, parse_rate, percent, plain, plain_at};
use perpcore::num::{NotANumber, decimal, float};

/// What a text should be, digit by digit: its sign, and the digits of its value in units of 10⁻⁸.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Digits(bool, String),
    Refused(NotANumber),
}

/// Reads a plain decimal by moving characters, without arithmetic.
fn wanted(text: &str) -> Wanted {
    let (negative, size) = match text.chars().next() {
        Some('-') => (true, &text[1..]),
        Some('+') => (false, &text[1..]),
        _ => (false, text),
    };
    if ["nan", "inf", "infinity"].contains(&&*size.to_ascii_lowercase()) {
        return Wanted::Refused(NotANumber::NotFinite);
    }
    let points = size.matches('.').count();
    let digits = size.chars().filter(char::is_ascii_digit).count();
    if points > 1 || digits == 0 || digits + points != size.chars().count() {
        return Wanted::Refused(NotANumber::Malformed);
    }
    let (whole, fraction) = size.split_at(size.find('.').unwrap_or(size.len()));
    let fraction = fraction.trim_start_matches('.').trim_end_matches('0');
    if fraction.len() > 8 {
        return Wanted::Refused(NotANumber::OffGrid);
    }
    let units = format!("{whole}{fraction:0<8}");
    let units = units.trim_start_matches('0');
    // From 10²⁹ on: 37 digits of 10⁻⁸ are the most.
    if units.len() > 37 {
        return Wanted::Refused(NotANumber::OutOfRange);
    }
    Wanted::Digits(negative && !units.is_empty(), units.to_string())
}

fn found(value: Result<i128, NotANumber>) -> Wanted {
    match value {
        Ok(value) => {
            let digits = value.unsigned_abs().to_string();
            Wanted::Digits(value < 0, digits.trim_start_matches('0').to_string())
        }
        Err(reason) => Wanted::Refused(reason),
    }
}

/// Any text: the reader agrees with [`wanted`], and what was read is written and read back.
pub fn number_text(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let value = parse(text);
    assert_eq!(found(value), wanted(text), "{text:?}");
    if let Ok(value) = value {
        assert_eq!(parse(&plain(value)), Ok(value), "{text:?}");
        assert!(plain(value).len() <= text.len() + 1, "the shortest text of {text:?} is {}", plain(value));
    }
    let rate = parse_rate(text);
    match text.strip_suffix('%') {
        None => assert_eq!(rate, value, "{text:?}"),
        Some(size) => match parse(size.trim_end()) {
            Ok(size) if size % 100 == 0 => assert_eq!(rate, Ok(size / 100), "{text:?}"),
            Ok(_) => assert_eq!(rate, Err(NotANumber::OffGrid), "{text:?}"),
            Err(reason) => assert_eq!(rate, Err(reason), "{text:?}"),
        },
    }
    if let Ok(Ok(rate)) = rate.map(i64::try_from) {
        assert_eq!(parse_rate(&percent(rate)), Ok(i128::from(rate)), "{text:?}");
    }
}

fn eight<const BYTES: usize>(data: &[u8], from: usize) -> [u8; BYTES] {
    let mut out = [0; BYTES];
    let rest = data.get(from..).unwrap_or_default();
    let bytes = rest.len().min(BYTES);
    out[..bytes].copy_from_slice(&rest[..bytes]);
    out
}

/// Any float64, by its bits: it counts as its shortest text.
pub fn number_float(data: &[u8]) {
    let x = f64::from_le_bytes(eight(data, 0));
    let value = float::from_f64(x);
    let text = format!("{x}");
    let wanted = match wanted(&text) {
        // NaN has a sign in some texts; a number that is not there has none.
        Wanted::Refused(NotANumber::Malformed) => Wanted::Refused(NotANumber::NotFinite),
        other => other,
    };
    assert_eq!(found(value), wanted, "{x:?}");
    if let Ok(value) = value {
        assert_eq!(plain(value).parse::<f64>(), Ok(x + 0.0), "{x:?} is not the nearest double of {}", plain(value));
    }
}

/// Any decimal: 16 bytes of value, 2 of scale.
pub fn number_decimal(data: &[u8]) {
    let value = i128::from_le_bytes(eight(data, 0));
    let scale = i32::from(i16::from_le_bytes(eight(data, 16))) % 90;
    let found = decimal::to_grid(value, scale);
    let text = match usize::try_from(scale) {
        Ok(scale) if scale <= 38 => plain_at(value, scale),
        Ok(scale) => {
            let digits = format!("{:0width$}", value.unsigned_abs(), width = scale + 1);
            let (whole, fraction) = digits.split_at(digits.len() - scale);
            format!("{}{whole}.{fraction}", if value < 0 { "-" } else { "" })
        }
        Err(_) => format!("{value}{}", "0".repeat(scale.unsigned_abs() as usize)),
    };
    match (parse(&text), found) {
        // A decimal may use all of 128 bits; text stops at 37 digits.
        (Err(NotANumber::OutOfRange), Ok(value)) => assert!(value.unsigned_abs() >= 10_u128.pow(37), "{text}"),
        (Err(NotANumber::OutOfRange), Err(reason)) => assert_ne!(reason, NotANumber::Malformed, "{text}"),
        (wanted, found) => assert_eq!(wanted, found, "{text} as {value} at scale {scale}"),
    }
}
