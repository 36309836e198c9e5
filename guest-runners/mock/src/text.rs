//! Text from outside made fit for a line, a name and a shell command.

use crate::fold;

/// The most bytes of a step's name.
pub(crate) const MAX_NAME: usize = 40;
/// The most characters of a line that a step shows.
const MAX_LINE: usize = 160;
/// The most words of a name: more tell a reader nothing.
const MAX_WORDS: usize = 5;

/// `text` as one line of at most `max` characters: white space in a row becomes one space, and what
/// steers a terminal or cannot be seen goes.
pub(crate) fn line(text: &str, max: usize) -> String {
    let mut line = String::with_capacity(text.len().min(max));
    push_line(&mut line, text.chars(), max);
    line
}

fn push_line(line: &mut String, text: impl Iterator<Item = char>, max: usize) {
    let mut length = 0;
    let mut gap = false;
    for c in text {
        if !c.is_ascii_graphic() {
            if c.is_whitespace() {
                gap = length > 0;
                continue;
            }
            if unseen(c) {
                continue;
            }
        }
        if length + usize::from(gap) >= max {
            line.push('…');
            break;
        }
        if std::mem::take(&mut gap) {
            line.push(' ');
            length += 1;
        }
        line.push(c);
        length += 1;
    }
}

/// A command that prints `text`, or `instead` where nothing is left of it, and can do nothing else, in
/// any shell and whatever an engine substitutes before it gets there: of ASCII only letters, digits and
/// `. , : - _ / @ + % =` are kept, between single quotes.
pub(crate) fn echo(text: &str, instead: &str) -> String {
    // No leading dash: `echo -n` is an option.
    let dull = |c: &char| c.is_ascii_punctuation() || *c == ' ';
    let mut command = String::with_capacity("echo ''".len() + text.len().min(MAX_LINE));
    command.push_str("echo '");
    let empty = command.len();
    push_line(
        &mut command,
        text.chars().map(harmless).skip_while(dull),
        MAX_LINE,
    );
    if command.len() == empty {
        command.push_str(instead);
    }
    command.push('\'');
    command
}

fn harmless(c: char) -> char {
    match c {
        '\'' => '’',
        'a'..='z' | 'A'..='Z' | '0'..='9' => c,
        '.' | ',' | ':' | '-' | '_' | '/' | '@' | '+' | '%' | '=' => c,
        _ if c.is_ascii() => ' ',
        _ => c,
    }
}

/// Control characters, and those that change the direction or are not seen.
fn unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The words of `text` that a name can be made of: in lower-case ASCII, without accents and apostrophes.
pub(crate) fn ascii_words(text: &str) -> impl Iterator<Item = String> {
    let letter = |c: char| c.is_alphanumeric() || matches!(c, '\'' | '’');
    text.split(move |c| !letter(c)).filter_map(|word| {
        let folded: String = if word.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            word.to_ascii_lowercase()
        } else {
            word.chars().flat_map(fold::fold).collect()
        };
        (!folded.is_empty()).then_some(folded)
    })
}

/// A name in kebab-case out of words, at most [`MAX_NAME`] bytes; `None` where there are none.
pub(crate) fn name(words: impl IntoIterator<Item = String>) -> Option<String> {
    let mut name = String::new();
    for word in words.into_iter().take(MAX_WORDS) {
        if name.is_empty() {
            // A name that starts with a digit could be a number.
            if word.starts_with(|c: char| c.is_ascii_digit()) {
                name.push_str("do-");
            }
            name.extend(word.chars().take(MAX_NAME - name.len()));
        } else if name.len() + 1 + word.len() <= MAX_NAME {
            name.push('-');
            name.push_str(&word);
        } else {
            break;
        }
    }
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Option<String> {
        name(ascii_words(text))
    }

    #[test]
    fn names_are_ascii_and_short() {
        assert_eq!(
            named("Prüfe die Café-Kopie").as_deref(),
            Some("prufe-die-cafe-kopie")
        );
        assert_eq!(
            named("don’t, customer's").as_deref(),
            Some("dont-customers")
        );
        assert_eq!(named("2024").as_deref(), Some("do-2024"));
        assert_eq!(named("備份 — !").as_deref(), None);
        assert_eq!(
            named(&"x".repeat(100)).map(|name| name.len()),
            Some(MAX_NAME)
        );
        assert_eq!(
            named(&format!("{} b", "a".repeat(39))).map(|name| name.len()),
            Some(39)
        );
        assert_eq!(
            named(&"9".repeat(100)).map(|name| name.len()),
            Some(MAX_NAME)
        );
    }

    #[test]
    fn a_line_is_cut_by_characters() {
        assert_eq!(line(" a \r\n\t b\u{1b}\u{202e}c ", 10), "a bc");
        assert_eq!(line("ééé ü", 3), "ééé…");
        assert_eq!(line("abc", 3), "abc");
    }

    #[test]
    fn an_echo_holds_nothing_that_anything_interprets() {
        assert_eq!(
            echo("-n It's `x` $(y) \\c \"z\"\n;|&<>*?#!{}[]~^", "x"),
            "echo 'n It’s x y c z'"
        );
        assert_eq!(echo("資料 & 100%", "x"), "echo '資料 100%'");
        assert_eq!(echo("`$`", "x"), "echo 'x'");
    }
}
