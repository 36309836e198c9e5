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

    /// The text with every known word replaced, and `{repeat N TEXT}` by N times TEXT.
    pub(crate) fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (word, value) in &self.0 {
            text = text.replace(&format!("{{{word}}}"), value);
        }
        while let Some((before, rest)) = text.split_once("{repeat ") {
            let (what, after) = rest.split_once('}').expect("`{repeat` has an end");
            let (times, what) = what.split_once(' ').expect("`{repeat N TEXT}`");
            let times = times.parse().expect("`{repeat N TEXT}`");
            text = format!("{before}{}{after}", what.repeat(times));
        }
        text
    }

    /// Each of them filled.
    pub(crate) fn all(&self, texts: &[String]) -> Vec<String> {
        texts.iter().map(|text| self.text(text)).collect()
    }
}
