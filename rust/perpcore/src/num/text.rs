//! Decimal text to the grid and back, exactly.

use super::NotANumber;

/// Reads plain decimal notation (`-12.5`, `.5`, `3.`) into units of g.
///
/// Digits beyond the eighth decimal must be zero. Exponents, separators, spaces and empty text are refused.
///
/// # Errors
/// [`NotANumber::Malformed`] for anything else, [`NotANumber::NotFinite`] for `nan` and `inf`,
/// [`NotANumber::OffGrid`] for a ninth decimal, [`NotANumber::OutOfRange`] from 10²⁹ on.
///
/// ```
/// use perpcore::num::text::parse;
/// assert_eq!(parse("0.00000001"), Ok(1));
/// assert_eq!(parse("-58000.1"), Ok(-5_800_010_000_000));
/// assert!(parse("1,000").is_err());
/// ```
pub fn parse(text: &str) -> Result<i128, NotANumber> {
    let (negative, size) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let (whole, fraction) = size.split_once('.').unwrap_or((size, ""));
    if !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) || whole.is_empty() && fraction.is_empty() {
        return Err(not_digits(size));
    }
    let (kept, beyond) = fraction.split_at(fraction.len().min(8));
    if beyond.bytes().any(|b| b != b'0') {
        return Err(NotANumber::OffGrid);
    }
    let mut value: i128 = 0;
    for byte in whole.bytes().chain(kept.bytes()).chain(std::iter::repeat_n(b'0', 8 - kept.len())) {
        value = value * 10 + i128::from(byte - b'0');
        if value >= LIMIT {
            return Err(NotANumber::OutOfRange);
        }
    }
    Ok(if negative { -value } else { value })
}

/// The first count of g that is not read: 10²⁹ whole units, so that one more digit still fits in `i128`.
const LIMIT: i128 = 10_i128.pow(37);

fn not_digits(size: &str) -> NotANumber {
    let named = ["nan", "inf", "infinity"];
    if named.iter().any(|name| size.eq_ignore_ascii_case(name)) { NotANumber::NotFinite } else { NotANumber::Malformed }
}

/// Reads a rate: `"1%"` or a bare fraction `0.01`, in g.
///
/// # Errors
/// As [`parse`]; a percentage may have at most six decimals.
pub fn parse_rate(text: &str) -> Result<i128, NotANumber> {
    match text.strip_suffix('%') {
        None => parse(text),
        Some(percent) => {
            let value = parse(percent.trim_end())?;
            if value % 100 == 0 { Ok(value / 100) } else { Err(NotANumber::OffGrid) }
        }
    }
}

/// Writes `value`·10⁻ˢᶜᵃˡᵉ in the shortest plain decimals: `-12.5`, `0`, `0.00000001`.
pub fn plain_at(value: i128, scale: usize) -> String {
    let unit = 10_u128.pow(scale as u32);
    let (whole, fraction) = (value.unsigned_abs() / unit, value.unsigned_abs() % unit);
    let sign = if value < 0 { "-" } else { "" };
    if fraction == 0 {
        return format!("{sign}{whole}");
    }
    let digits = format!("{fraction:0scale$}");
    format!("{sign}{whole}.{}", digits.trim_end_matches('0'))
}

/// Writes a grid number in the shortest plain decimals.
pub fn plain(value: i128) -> String {
    plain_at(value, 8)
}

/// Writes a rate in g as a percentage: `0.05%`.
pub fn percent(rate: i64) -> String {
    format!("{}%", plain(i128::from(rate) * 100))
}

/// Writes `value`·10⁻ˢᶜᵃˡᵉ for reading: thousands separated, a true minus sign, no digit dropped.
///
/// ```
/// use perpcore::num::text::grouped;
/// assert_eq!(grouped(1_502_925_000_000, 8), "15,029.25");
/// assert_eq!(grouped(-1_200_000_000_000, 8), "−12,000");
/// ```
pub fn grouped(value: i128, scale: usize) -> String {
    let text = plain_at(value, scale);
    let (sign, size) = text.strip_prefix('-').map_or(("", &*text), |size| ("−", size));
    let (whole, fraction) = size.find('.').map_or((size, ""), |at| size.split_at(at));
    let mut out = String::from(sign);
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_exactly_or_refused() {
        use NotANumber::{Malformed, NotFinite, OffGrid, OutOfRange};
        let rows: [(&str, Result<i128, NotANumber>); 22] = [
            ("0", Ok(0)),
            ("-0", Ok(0)),
            ("1", Ok(100_000_000)),
            ("+1.5", Ok(150_000_000)),
            (".5", Ok(50_000_000)),
            ("5.", Ok(500_000_000)),
            ("0.00000001", Ok(1)),
            ("1e-8", Err(Malformed)),
            ("0.100000000000", Ok(10_000_000)),
            ("0.000000001", Err(OffGrid)),
            ("99999999999999999999999999999", Ok((10_i128.pow(29) - 1) * 100_000_000)),
            ("100000000000000000000000000000", Err(OutOfRange)),
            ("nan", Err(NotFinite)),
            ("-Infinity", Err(NotFinite)),
            ("", Err(Malformed)),
            (".", Err(Malformed)),
            ("1_000", Err(Malformed)),
            ("1,000", Err(Malformed)),
            ("1.2.3", Err(Malformed)),
            ("--1", Err(Malformed)),
            ("٣", Err(Malformed)),
            (" 1", Err(Malformed)),
        ];
        for (text, wanted) in rows {
            assert_eq!(parse(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn rates_are_fractions_or_percentages() {
        for (text, wanted) in [
            ("1%", Ok(1_000_000)),
            ("0.01", Ok(1_000_000)),
            ("-0.005 %", Ok(-5_000)),
            ("66.666667%", Ok(66_666_667)),
            ("0.0000001%", Err(NotANumber::OffGrid)),
        ] {
            assert_eq!(parse_rate(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn plain_text_reads_back() {
        for value in [0, 1, -1, 99_999_999, 100_000_000, -123_456_789_012_345_678, 10_i128.pow(36)] {
            assert_eq!(parse(&plain(value)), Ok(value));
        }
        assert_eq!(plain_at(-3 * 10_i128.pow(15), 24), "-0.000000003");
        assert_eq!(percent(50_000), "0.05%");
    }
}
