//! Closed lists of words: how a thing that has few values is written.

/// A closed list of words.
pub trait Word: Copy + Sized + 'static {
    /// All of them, in the order of their numbers.
    const ALL: &'static [Self];
    /// How it is written.
    fn text(self) -> &'static str;
    /// The word of a text.
    fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|word| word.text() == text)
    }
}

/// Declares enumerations with their words, the first one the default.
macro_rules! words {
    ($($(#[$meta:meta])* $name:ident {
        $(#[$first_doc:meta])* $first:ident $first_text:literal,
        $($(#[$doc:meta])* $variant:ident $text:literal,)*
    })*) => {
        $(
            $(#[$meta])*
            #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
            #[repr(u8)]
            pub enum $name { $(#[$first_doc])* #[default] $first, $($(#[$doc])* $variant,)* }

            impl $name {
                /// How they are written, in the order of their numbers.
                pub const NAMES: &'static [&'static str] = &[$first_text, $($text),*];
            }

            impl $crate::word::Word for $name {
                const ALL: &'static [Self] = &[$name::$first, $($name::$variant),*];
                fn text(self) -> &'static str {
                    match self { $name::$first => $first_text, $($name::$variant => $text),* }
                }
            }
        )*
    };
}
pub(crate) use words;
