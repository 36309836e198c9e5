//! What inputs are made of.

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_oneof};
use proptest::sample::Index;
use proptest::test_runner::RngSeed;

/// The seed of an ordinary test run.
const SEED: u64 = 0x0a1b_2c3d_4e5f_6071;

/// `weight` times as many cases as proptest makes by default, which is 256 or what `PROPTEST_CASES` says: about a second a property.
/// Without `PROPTEST_RNG_SEED` the seed is always the same: a change that breaks nothing never fails here, and what is new is looked for by
/// `scripts/fuzz`. Failures are printed, not written into the source tree.
pub(crate) fn config(weight: u32) -> ProptestConfig {
    let standard = ProptestConfig::default();
    ProptestConfig {
        cases: standard.cases.saturating_mul(weight),
        failure_persistence: None,
        rng_seed: match standard.rng_seed {
            RngSeed::Random => RngSeed::Fixed(SEED),
            fixed @ RngSeed::Fixed(_) => fixed,
        },
        max_shrink_iters: 20_000,
        ..standard
    }
}

/// The lines of a file of seeds or words; an empty line and one that begins with `;` is none. `\s` (a blank), `\t`, `\n`, `\r`, `\0`, `\\`
/// and `\u{3b}` are escapes, so that a line can hold anything.
pub(crate) fn lines(file: &str) -> Vec<String> {
    file.lines()
        .filter(|line| !line.is_empty() && !line.starts_with(';'))
        .map(unescaped)
        .collect()
}

fn unescaped(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        text.push(match c {
            '\\' => match rest.next() {
                Some('s') => ' ',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some('0') => '\0',
                Some('\\') => '\\',
                Some('u') => {
                    let digits: String = rest.by_ref().skip(1).take_while(|c| *c != '}').collect();
                    let number = u32::from_str_radix(&digits, 16).expect("hexadecimal digits");
                    char::from_u32(number).expect("a character")
                }
                other => panic!("no such escape: {other:?} in {line}"),
            },
            c => c,
        });
    }
    text
}

/// Words of the dictionary in any order, a foreign character now and then.
pub(crate) fn soup(words: Vec<String>, most: usize) -> impl Strategy<Value = String> + use<> {
    prop::collection::vec(piece(words), 0..most).prop_map(|pieces| pieces.concat())
}

pub(crate) fn piece(words: Vec<String>) -> impl Strategy<Value = String> + use<> {
    prop_oneof![
        8 => prop::sample::select(words),
        1 => any::<char>().prop_map(String::from),
    ]
}

/// Any bytes, as text.
pub(crate) fn bytes(most: usize) -> impl Strategy<Value = String> + use<> {
    prop::collection::vec(any::<u8>(), 0..most)
        .prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// One way to bend a text.
#[derive(Clone, Debug)]
enum Bend {
    /// Puts a word in.
    Insert(Index, String),
    /// Takes a part out.
    Remove(Index, Index),
    /// Repeats a part.
    Repeat(Index, Index, usize),
    /// Goes on as another seed does.
    Splice(Index, Index, Index),
    /// Puts a word in the place of one character.
    Replace(Index, String),
}

/// A seed, bent a few times.
pub(crate) fn bent(
    seeds: Vec<String>,
    words: Vec<String>,
) -> impl Strategy<Value = String> + use<> {
    let at = any::<Index>;
    let bend = prop_oneof![
        (at(), piece(words.clone())).prop_map(|(at, word)| Bend::Insert(at, word)),
        (at(), piece(words)).prop_map(|(at, word)| Bend::Replace(at, word)),
        (at(), at()).prop_map(|(from, to)| Bend::Remove(from, to)),
        (
            at(),
            at(),
            prop_oneof![9 => Just(1_usize), 1 => 2..40_usize]
        )
            .prop_map(|(from, to, times)| Bend::Repeat(from, to, times)),
        (at(), at(), at()).prop_map(|(from, seed, to)| Bend::Splice(from, seed, to)),
    ];
    let first = any::<Index>();
    (first, prop::collection::vec(bend, 0..6)).prop_map(move |(first, bends)| {
        let mut text: Vec<char> = first.get(&seeds).chars().collect();
        for one in &bends {
            text = one.apply(&text, &seeds);
        }
        text.into_iter().collect()
    })
}

impl Bend {
    fn apply(&self, text: &[char], seeds: &[String]) -> Vec<char> {
        let cut = |at: &Index| at.index(text.len() + 1);
        let part = |from: &Index, to: &Index| {
            // Near each other more often than not: a part is a token, not half of the text.
            let from = cut(from);
            let length = to.index(text.len() + 1) % 24;
            (from, (from + length).min(text.len()))
        };
        match self {
            Self::Insert(at, word) => {
                let (before, after) = text.split_at(cut(at));
                [before, &word.chars().collect::<Vec<_>>(), after].concat()
            }
            Self::Replace(at, word) => {
                let (before, after) = text.split_at(cut(at));
                [
                    before,
                    &word.chars().collect::<Vec<_>>(),
                    after.get(1..).unwrap_or_default(),
                ]
                .concat()
            }
            Self::Remove(from, to) => {
                let (from, to) = part(from, to);
                [&text[..from], &text[to..]].concat()
            }
            Self::Repeat(from, to, times) => {
                let (from, to) = part(from, to);
                [&text[..to], &text[from..to].repeat(*times), &text[to..]].concat()
            }
            Self::Splice(from, seed, to) => {
                let other: Vec<char> = seed.get(seeds).chars().collect();
                [&text[..cut(from)], &other[to.index(other.len() + 1)..]].concat()
            }
        }
    }
}
