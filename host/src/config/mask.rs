//! What of a line is hidden, and how the rest is shown.

use std::ops::Range;

use crate::escape::printable;

const MASK: &str = "****";
/// Longest piece of a line that is shown, in characters.
const MAX_SHOWN: usize = 160;
/// Shortest run of letters and digits that is taken for a token.
const TOKEN_BYTES: usize = 20;

/// A line fit to be shown, and where a place in it is to be pointed at.
pub(super) struct ShownLine {
    pub(super) text: String,
    pub(super) span: Range<usize>,
}

/// All but references to variables, which are names and no values.
pub(super) fn hidden_of_secret(text: &str) -> Vec<Range<usize>> {
    let mut hidden = Vec::new();
    let mut at = 0;
    for (start, _) in text.match_indices("${") {
        let name = text.get(start + 2..).unwrap_or_default();
        let length = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        if let Some(length) =
            length.filter(|length| name.get(*length..).is_some_and(|r| r.starts_with('}')))
        {
            if start > at {
                hidden.push(at..start);
            }
            at = start + 2 + length + 1;
        }
    }
    if at < text.len() {
        hidden.push(at..text.len());
    }
    // Quotes around a reference alone hide nothing.
    hidden.retain(|range| !matches!(text.get(range.clone()), Some("\"" | "'")));
    hidden
}

/// What in an ordinary value may be a misplaced secret: user and password of a URL, its query, what
/// follows `Bearer` or `Basic`, and long runs of letters with digits.
pub(super) fn hidden_of_value(text: &str) -> Vec<Range<usize>> {
    let mut hidden = Vec::new();
    if let Some(scheme) = text.find("://") {
        let start = scheme + 3;
        let rest = text.get(start..).unwrap_or_default();
        let authority = rest.find(['/', '?', '#', ' ']).unwrap_or(rest.len());
        if let Some(user) = rest
            .get(..authority)
            .and_then(|authority| authority.rfind('@'))
        {
            hidden.push(start..start + user);
        } else if let Some(user) = rest.rfind('@') {
            // A password with a slash in it.
            hidden.push(start..start + user);
        }
        if let Some(query) = rest.find('?') {
            hidden.push(start + query + 1..text.len());
        }
    }
    for scheme in ["Bearer ", "Basic ", "bearer ", "basic "] {
        hidden.extend(text.find(scheme).map(|at| at + scheme.len()..text.len()));
    }
    let in_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '=');
    let mut from = 0;
    for run in text.split(|c| !in_token(c)) {
        let digits = run.bytes().any(|byte| byte.is_ascii_digit());
        let letters = run.bytes().any(|byte| byte.is_ascii_alphabetic());
        let reference = text
            .get(..from)
            .is_some_and(|before| before.ends_with("${"));
        if run.len() >= TOKEN_BYTES && digits && letters && !reference {
            hidden.push(from..from + run.len());
        }
        // Every separator is one character.
        let after = text
            .get(from + run.len()..)
            .and_then(|rest| rest.chars().next());
        from += run.len() + after.map_or(0, char::len_utf8);
    }
    hidden.sort_by_key(|range| range.start);
    hidden
}

/// User name and password of a proxy's URL, also where its scheme is missing or its password holds what ends an authority.
pub(super) fn hidden_of_proxy(text: &str) -> Vec<Range<usize>> {
    let plain = |scheme: &str| scheme.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let start = text
        .find("://")
        .filter(|at| {
            let scheme = text.get(..*at).unwrap_or_default();
            plain(scheme.trim_start_matches(['"', '\'']))
        })
        .map_or(0, |at| at + 3);
    match text.get(start..).and_then(|rest| rest.rfind('@')) {
        Some(length) => {
            let hidden = hidden_of_secret(text.get(start..start + length).unwrap_or_default());
            let shifted = hidden
                .into_iter()
                .map(|range| range.start + start..range.end + start);
            shifted.collect()
        }
        None => hidden_of_value(text),
    }
}

/// A line while it is put together, with the place of each of its bytes in what is shown.
#[derive(Default)]
pub(super) struct Display {
    text: String,
    places: Vec<usize>,
}

impl Display {
    pub(super) fn plain(&mut self, text: &str) {
        let mut buffer = [0; 4];
        for c in text.chars() {
            self.places
                .extend(std::iter::repeat_n(self.text.len(), c.len_utf8()));
            self.text
                .push_str(&printable(c.encode_utf8(&mut buffer), 16));
        }
    }

    pub(super) fn masked(&mut self, text: &str, hidden: &[Range<usize>]) {
        let mut at = 0;
        for range in hidden.iter().filter(|range| !range.is_empty()) {
            if range.end <= at {
                continue;
            }
            let start = range.start.max(at);
            self.plain(text.get(at..start).unwrap_or_default());
            self.places
                .extend(std::iter::repeat_n(self.text.len(), range.end - start));
            self.text.push_str(MASK);
            at = range.end;
        }
        self.plain(text.get(at..).unwrap_or_default());
    }

    /// What stands between keys and values. False at a comment, which is not shown.
    pub(super) fn between(&mut self, text: &str) -> bool {
        let comment = text.find('#').unwrap_or(text.len());
        for c in text.get(..comment).unwrap_or_default().chars() {
            self.skip(c.len_utf8());
            // The name of a tag or an anchor is left out: it may be a secret that lacks its quotes.
            if c.is_ascii_punctuation() || c == ' ' {
                self.text.push(c);
            }
        }
        self.skip(text.len() - comment);
        comment == text.len()
    }

    /// Bytes of the line that are not shown.
    pub(super) fn skip(&mut self, bytes: usize) {
        self.places
            .extend(std::iter::repeat_n(self.text.len(), bytes));
    }

    /// What is shown, cut to [`MAX_SHOWN`] around `span`, which counts in the line's bytes.
    pub(super) fn window(self, span: Range<usize>) -> ShownLine {
        let Self { text, places } = self;
        let place = |byte: usize| places.get(byte).copied().unwrap_or(text.len());
        let (start, end) = (place(span.start), place(span.end));
        let boundary = |mut at: usize| {
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let from = if text.len() > MAX_SHOWN {
            boundary(start.saturating_sub(60))
        } else {
            0
        };
        let to = boundary(text.len().min(from + MAX_SHOWN));
        let shown = text.get(from..to).unwrap_or_default().trim_end().to_owned();
        let last = shown.len();
        let start = start.saturating_sub(from).min(last);
        ShownLine {
            span: start..end.saturating_sub(from).clamp(start, last),
            text: shown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, hidden: fn(&str) -> Vec<Range<usize>>) -> String {
        let mut display = Display::default();
        display.masked(text, &hidden(text));
        assert_eq!(display.places.len(), text.len());
        display.text
    }

    #[test]
    fn of_a_secret_only_references_are_shown() {
        for (text, becomes) in [
            ("sk-abc", "****"),
            ("\"sk-abc\"", "****"),
            ("${KEY}", "${KEY}"),
            ("\"${KEY}\"", "\"${KEY}\""),
            ("Bearer ${KEY}", "****${KEY}"),
            ("${A}x${B}y", "${A}****${B}****"),
            ("${A:-sk-abc}", "****"),
            ("${a${KEY}", "****${KEY}"),
            ("ключ", "****"),
        ] {
            assert_eq!(shown(text, hidden_of_secret), becomes, "{text}");
        }
    }

    #[test]
    fn misplaced_secrets_are_hidden() {
        for (text, becomes) in [
            ("https://a.example/v1", "https://a.example/v1"),
            (
                "https://me:pass@a.example/v1?k=v",
                "https://****@a.example/v1?****",
            ),
            ("https://me:pa/ss@a.example", "https://****@a.example"),
            ("[POST https://a.example?x]", "[POST https://a.example?****"),
            ("Bearer abc", "Bearer ****"),
            ("sk-live-0123456789abcdef", "****"),
            (
                "0123456789012345678901234567890",
                "0123456789012345678901234567890",
            ),
            (
                "a-name-with-many-words-and-dashes",
                "a-name-with-many-words-and-dashes",
            ),
            (
                "${A_VARIABLE_WITH_A_LONG_NAME_2}",
                "${A_VARIABLE_WITH_A_LONG_NAME_2}",
            ),
            ("é\u{202e}", "é\\u{202e}"),
        ] {
            assert_eq!(shown(text, hidden_of_value), becomes, "{text}");
        }
    }

    #[test]
    fn the_credentials_of_a_proxy_are_hidden() {
        for (text, becomes) in [
            ("http://proxy.example:3128", "http://proxy.example:3128"),
            (
                "http://me:pass@proxy.example:3128",
                "http://****@proxy.example:3128",
            ),
            (
                "\"http://me:pass@proxy.example\"",
                "\"http://****@proxy.example\"",
            ),
            ("me:pass@proxy.example:3128", "****@proxy.example:3128"),
            (
                "http://me:p@ss/w@proxy.example",
                "http://****@proxy.example",
            ),
            ("me:p://ss@proxy.example", "****@proxy.example"),
            (
                "http://me:${PASSWORD}@proxy.example",
                "http://****${PASSWORD}@proxy.example",
            ),
        ] {
            assert_eq!(shown(text, hidden_of_proxy), becomes, "{text}");
        }
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let text = format!("{}é{}", "a b ".repeat(100), "c d ".repeat(100));
        let mut display = Display::default();
        display.plain(&text);
        let line = display.window(400..402);
        assert_eq!(line.text.get(line.span.clone()), Some("é"));
        assert!(line.text.len() <= MAX_SHOWN);
    }
}
