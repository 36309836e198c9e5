//! The small words that tell where a clause begins, how it stands to the others, and what a name can do
//! without; of English, and conjunctions of some other languages.

use crate::text;

/// Joins clauses of one rank, in languages that this runner knows a word of.
pub(crate) fn is_and(word: &str) -> bool {
    matches!(
        word,
        "and" | "&" | "plus" | "also" | "und" | "et" | "y" | "och" | "и" | "та"
    )
}

/// Puts what follows after what came before.
pub(crate) fn is_then(word: &str) -> bool {
    matches!(
        word,
        "then"
            | "afterwards"
            | "afterward"
            | "finally"
            | "next"
            | "lastly"
            | "subsequently"
            | "dann"
            | "danach"
            | "anschließend"
            | "puis"
            | "ensuite"
            | "luego"
            | "después"
            | "poi"
            | "sedan"
            | "затем"
    )
}

/// Begins a clause that others wait for.
pub(crate) fn is_condition(word: &str) -> bool {
    matches!(word, "when" | "whenever" | "once" | "if" | "after")
}

/// Points back at what an earlier clause made.
pub(crate) fn points_back(word: &str) -> bool {
    matches!(
        word,
        "it" | "them" | "this" | "these" | "those" | "result" | "results" | "its" | "their"
    )
}

/// Says nothing about what to do; skipped at the beginning of a clause.
pub(crate) fn is_filler(word: &str) -> bool {
    matches!(
        word,
        "a" | "able"
            | "also"
            | "be"
            | "can"
            | "could"
            | "first"
            | "have"
            | "help"
            | "i"
            | "kindly"
            | "let"
            | "lets"
            | "like"
            | "me"
            | "must"
            | "need"
            | "please"
            | "shall"
            | "should"
            | "that"
            | "to"
            | "us"
            | "want"
            | "we"
            | "will"
            | "would"
            | "you"
            | "just"
    )
}

/// Left out of names.
pub(crate) fn is_small(word: &str) -> bool {
    matches!(
        word,
        "a" | "all"
            | "an"
            | "and"
            | "any"
            | "are"
            | "as"
            | "at"
            | "be"
            | "been"
            | "by"
            | "each"
            | "every"
            | "for"
            | "from"
            | "has"
            | "have"
            | "in"
            | "into"
            | "is"
            | "it"
            | "its"
            | "my"
            | "of"
            | "off"
            | "on"
            | "onto"
            | "or"
            | "our"
            | "some"
            | "that"
            | "the"
            | "their"
            | "them"
            | "there"
            | "these"
            | "this"
            | "to"
            | "was"
            | "which"
            | "with"
            | "your"
    )
}

/// Says how often; left out of names.
pub(crate) fn is_schedule(word: &str) -> bool {
    matches!(
        word,
        "daily"
            | "hourly"
            | "monthly"
            | "nightly"
            | "quarterly"
            | "tomorrow"
            | "tonight"
            | "weekly"
            | "yearly"
    )
}

/// What `every` and `each` count.
pub(crate) fn is_period(word: &str) -> bool {
    matches!(
        word,
        "afternoon"
            | "day"
            | "evening"
            | "friday"
            | "hour"
            | "midnight"
            | "minute"
            | "monday"
            | "month"
            | "morning"
            | "night"
            | "noon"
            | "quarter"
            | "saturday"
            | "second"
            | "sunday"
            | "thursday"
            | "tuesday"
            | "wednesday"
            | "week"
            | "weekday"
            | "weekend"
            | "year"
    )
}

/// A word without the punctuation around it, its ASCII letters in lower case.
pub(crate) fn bare(word: &str) -> String {
    if word == "&" {
        return word.to_owned();
    }
    word.trim_matches(|c: char| !c.is_alphanumeric())
        .to_ascii_lowercase()
}

/// The words of a clause that a name is made of: in ASCII, without small words and schedules.
pub(crate) fn name_words(text: &str) -> impl Iterator<Item = String> {
    let mut counts = false;
    text::ascii_words(text).filter(move |word| {
        let counted = std::mem::replace(&mut counts, matches!(word.as_str(), "every" | "each"));
        !(is_small(word) || is_schedule(word) || counted && is_period(word))
    })
}
