//! Words in braces, and what stands for them.

use std::collections::BTreeMap;

/// What stands for each word. A word that is not known stays as it is, since braces mean something in YAML and to guests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fill(BTreeMap<String, String>);

impl Fill {
    /// Lets `text` stand for `{word}`; words in it are filled first, so that a variant can name the service.
    pub(crate) fn set(&mut self, word: &str, text: &str) {
        let text = self.text(text);
        self.0.insert(word.to_owned(), text);
    }

    /// The text with every known word replaced, `{repeat N TEXT}` by N times TEXT, and `{count N TEXT}` by the same with the
    /// number of each time, from 0, in place of `<i>`, and the next number in place of `<i+1>`.
    pub(crate) fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (word, value) in &self.0 {
            text = text.replace(&format!("{{{word}}}"), value);
        }
        let repeated = expand(&text, "repeat", |_, what| what.to_owned());
        expand(&repeated, "count", |i, what| {
            let next = (i + 1).to_string();
            what.replace("<i>", &i.to_string()).replace("<i+1>", &next)
        })
    }

    /// Each of them filled.
    pub(crate) fn all(&self, texts: &[String]) -> Vec<String> {
        texts.iter().map(|text| self.text(text)).collect()
    }
}

/// Replaces each `{WORD N TEXT}` by N texts that `time` makes of TEXT.
fn expand(text: &str, word: &str, time: impl Fn(usize, &str) -> String) -> String {
    let start = format!("{{{word} ");
    let mut parts = text.split(&start);
    let mut expanded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (what, after) = part.split_once('}').expect("what is repeated has an end");
        let (times, what) = what
            .split_once(' ')
            .expect("a number, and what is repeated");
        let times = times.parse().expect("how often it is repeated");
        expanded.extend((0..times).map(|i| time(i, what)));
        expanded.push_str(after);
    }
    expanded
}
