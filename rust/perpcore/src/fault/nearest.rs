//! "Did you mean …?": one measure for misspelt columns, names and keys.

/// The nearest of the candidates, if one is near enough to have been meant.
pub fn nearest<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// From here on (of 1) two words are one typing error or one forgotten part apart, by trial.
    const NEAR: f64 = 0.84;
    let wrong = wrong.to_lowercase();
    let scored = candidates.into_iter().map(|word| (strsim::jaro_winkler(&wrong, &word.to_lowercase()), word));
    let best = scored.fold(None, |best: Option<(f64, &str)>, next| match best {
        Some(kept) if kept.0 >= next.0 => Some(kept),
        _ => Some(next),
    });
    best.filter(|(score, _)| *score >= NEAR).map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suggestion_is_near_or_none() {
        let keys = ["call_factor", "profit_credit", "settlement", "fees"];
        for (wrong, wanted) in [
            ("cal_factor", Some("call_factor")),
            ("setlement", Some("settlement")),
            ("fee", Some("fees")),
            ("FEES", Some("fees")),
            ("tick", None),
        ] {
            assert_eq!(nearest(wrong, keys), wanted, "{wrong}");
        }
    }
}
