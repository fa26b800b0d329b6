//! Rulebook texts.

use perpcore::rules::Rulebook;

/// Any text: it is refused with at least one problem that says where, or it stands, and then every form of it says the
/// same.
pub fn rulebook_text(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let book = match Rulebook::parse(text, "fuzz.toml") {
        Ok(book) => book,
        Err(failure) => {
            assert!(failure.problems().count() > 0);
            assert!(!failure.to_string().is_empty());
            return;
        }
    };
    let written = book.to_toml();
    let again = Rulebook::parse(&written, "again.toml");
    let again = again.unwrap_or_else(|failure| unreachable!("{failure}\n{written}"));
    assert_eq!(again.digest(), book.digest(), "{written}");
    assert_eq!(again.canonical(), book.canonical());
    assert_eq!(again.to_toml(), written);
    assert_eq!((again.name(), again.version()), (book.name(), book.version()));
    assert!(again.diff(&book).is_empty() && book.diff(&again).is_empty());
    let edited = book.edit(&[]).unwrap_or_else(|failure| unreachable!("{failure}"));
    assert_eq!(edited.digest(), book.digest());
    for (path, _) in book.canonical().lines().filter_map(|line| line.split_once(" = ")) {
        assert_eq!(again.source(path), book.source(path), "{path}");
    }
}
