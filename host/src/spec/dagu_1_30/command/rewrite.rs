//! The same shell text in words that Dagu does not touch.
//!
//! [`rewrite`] changes as little as it can, so that people can still read the command: `` `date` `` becomes
//! `$(date)`, `$PWD` becomes `${PWD-}`, and what is literal stays so by a change of quotes. Where it would have to know
//! more of the shell's grammar it gives up, and [`wrap`] carries any text through, at the price of being harder to read.

use std::fmt::Write as _;

use super::reference;

/// How deep `$(…)` may be nested before [`rewrite`] gives up.
const MAX_NESTING: usize = 16;

/// What is left when Dagu has trimmed the text, if the shell does not care for the rest.
pub(super) fn trim(text: &str) -> Option<&str> {
    let trimmed = text.trim();
    let blank = text.trim_matches([' ', '\t', '\n']);
    if blank != trimmed {
        return None;
    }
    let backslashes = trimmed.len() - trimmed.trim_end_matches('\\').len();
    let at_end = text.trim_start().len() == trimmed.len();
    (at_end || backslashes.is_multiple_of(2)).then_some(trimmed)
}

/// The text with its backticks and references rewritten, or nothing if that needs more of a parser.
pub(super) fn rewrite(text: &str) -> Option<String> {
    let mut scan = Scan {
        rest: text,
        out: String::with_capacity(text.len() + 16),
        last: '\n',
        nesting: 0,
    };
    scan.plain(None)?;
    Some(scan.out)
}

/// A text that makes the given one and runs it in the same shell. `$`, backtick and backslash travel as
/// other characters, which the text does not hold, and `tr` brings them back.
pub(super) fn wrap(text: &str) -> String {
    let mut free = "@%~^+=,:?#!_/"
        .chars()
        .chain('A'..='Z')
        .chain('0'..='9')
        .chain('\u{1}'..='\u{8}');
    // A backslash before the newline that ends the text continues a line that never comes.
    let ended = text.trim_end_matches('\n');
    let continued =
        ended.len() < text.len() && (ended.len() - ended.trim_end_matches('\\').len()) % 2 == 1;
    let text = if continued {
        ended.strip_suffix('\\').unwrap_or(ended)
    } else {
        text
    };
    let mut body = text.replace('\'', "'\u{0}''");
    let (mut from, mut to) = (String::new(), String::new());
    for special in ['$', '`', '\\'] {
        if !text.contains(special) {
            continue;
        }
        // Every one of these could be in the text only if it were made for that; then it goes as it is.
        let Some(stand_in) = free.find(|&c| !text.contains(c)) else {
            return text.to_owned();
        };
        body = body.replace(special, stand_in.encode_utf8(&mut [0; 4]));
        // Writing to a String cannot fail.
        let _ = match stand_in {
            c if c.is_control() => write!(from, "\\{:03o}", u32::from(c)),
            c => write!(from, "{c}"),
        };
        let _ = write!(to, "\\{:03o}", u32::from(special));
    }
    let body = body.replace('\u{0}', "\\");
    if from.is_empty() {
        return format!("eval \"$(printf %s '{body}')\"");
    }
    format!("eval \"$(printf %s '{body}' | LC_ALL=C tr '{from}' '{to}')\"")
}

struct Scan<'a> {
    rest: &'a str,
    out: String,
    /// The character before `rest`.
    last: char,
    nesting: usize,
}

impl<'a> Scan<'a> {
    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let c = chars.next()?;
        self.rest = chars.as_str();
        self.last = c;
        Some(c)
    }

    fn skip(&mut self, len: usize) -> Option<&'a str> {
        let taken = self.rest.get(..len)?;
        self.rest = self.rest.get(len..)?;
        self.last = taken.chars().next_back().unwrap_or(self.last);
        Some(taken)
    }

    /// Takes the reference after the dollar that was just read, and gives its name.
    fn take_reference(&mut self) -> Option<&'a str> {
        let (len, name) = reference(self.rest)?;
        self.skip(len)?;
        Some(name)
    }

    /// Text outside quotes, to its end or before the parenthesis that closes `$(`.
    fn plain(&mut self, until: Option<char>) -> Option<()> {
        let mut open = 0_usize;
        loop {
            if open == 0 && until.is_some() && self.rest.starts_with(')') {
                return Some(());
            }
            let before = self.last;
            let Some(c) = self.next() else {
                return until.is_none().then_some(());
            };
            match c {
                '\\' => self.escaped("''"),
                '\'' => self.single()?,
                '"' => self.double()?,
                '`' => self.backticks()?,
                '$' => self.dollar(false)?,
                '<' if self.rest.starts_with('<') => return None,
                '#' if before.is_whitespace() || ";|&()".contains(before) => self.comment(until)?,
                _ => {
                    match c {
                        '(' => open += 1,
                        ')' => open = open.saturating_sub(1),
                        _ => {}
                    }
                    self.out.push(c);
                }
            }
        }
    }

    /// What follows a backslash that was just read. `apart` is an empty string in the present quoting.
    fn escaped(&mut self, apart: &str) {
        self.out.push('\\');
        let Some(c) = self.next() else { return };
        self.out.push(c);
        // Whatever it was, it is now a part of a word.
        self.last = 'x';
        if c == '$' && reference(self.rest).is_some() {
            self.out.push_str(apart);
        }
    }

    /// Between single quotes everything is literal; what Dagu would touch is taken out of them.
    fn single(&mut self) -> Option<()> {
        self.out.push('\'');
        loop {
            match self.next()? {
                '\'' => break,
                '`' => self.out.push_str("'\\`'"),
                '$' if reference(self.rest).is_some() => self.out.push_str("$''"),
                c => self.out.push(c),
            }
        }
        self.out.push('\'');
        Some(())
    }

    fn double(&mut self) -> Option<()> {
        self.out.push('"');
        loop {
            match self.next()? {
                '"' => break,
                '\\' => self.escaped("\"\""),
                '`' => self.backticks()?,
                '$' => self.dollar(true)?,
                c => self.out.push(c),
            }
        }
        self.out.push('"');
        Some(())
    }

    /// A comment means nothing, so nothing is lost when its signs go.
    fn comment(&mut self, until: Option<char>) -> Option<()> {
        if until.is_some() {
            return None;
        }
        let end = self.rest.find('\n').unwrap_or(self.rest.len());
        let comment = self.skip(end)?;
        self.out.push('#');
        self.out
            .push_str(&comment.replace('`', "'").replace('$', ""));
        Some(())
    }

    /// A command between backticks, in which a backslash would have its own rules.
    fn backticks(&mut self) -> Option<()> {
        let end = self.rest.find('`')?;
        let inner = self.skip(end)?;
        self.next()?;
        if inner.contains('\\') || inner.contains("case") {
            return None;
        }
        // `$((` would be arithmetic.
        self.out
            .push_str(if inner.starts_with('(') { "$( " } else { "$(" });
        let mut scan = Scan {
            rest: inner,
            out: std::mem::take(&mut self.out),
            last: '\n',
            nesting: self.nesting + 1,
        };
        let complete = (scan.nesting < MAX_NESTING && !has_comment(inner))
            .then(|| scan.plain(None))
            .flatten();
        self.out = scan.out;
        complete?;
        self.out.push(')');
        Some(())
    }

    /// What follows a dollar sign that was just read.
    fn dollar(&mut self, quoted: bool) -> Option<()> {
        if let Some(name) = self.take_reference() {
            let _ = write!(self.out, "${{{name}-}}");
            return Some(());
        }
        self.out.push('$');
        if self.rest.starts_with('(') {
            return self.substitution();
        }
        if self.rest.starts_with('{') {
            // Inside braces quotes have rules that differ from shell to shell.
            let end = self.rest.find('}')?;
            let inner = self.skip(end + 1)?;
            let simple = !inner.contains(['\'', '"', '\\', '`', '$']);
            return simple.then(|| self.out.push_str(inner));
        }
        // `$'…'` and `$"…"` are quotes in some shells and not in others.
        if !quoted && self.rest.starts_with(['\'', '"']) {
            return None;
        }
        Some(())
    }

    /// `$(…)`: quoting starts afresh. A `case` in it would have parentheses that close nothing.
    fn substitution(&mut self) -> Option<()> {
        self.nesting += 1;
        if self.nesting >= MAX_NESTING || self.rest.contains("case") {
            return None;
        }
        self.next()?;
        self.out.push('(');
        self.plain(Some(')'))?;
        self.next()?;
        self.out.push(')');
        // A `#` right after it would be a part of the same word.
        self.last = 'x';
        self.nesting -= 1;
        Some(())
    }
}

/// Whether there may be a comment, which would swallow the parenthesis that is put behind it.
fn has_comment(text: &str) -> bool {
    text.starts_with('#') || text.contains([' ', '\t', '\n', ';']) && text.contains('#')
}
