//! Answers from a cassette.

use super::{CassetteError, Exchange, Reply, Request, compare, form};
use crate::escape::printable;
use std::sync::{Mutex, PoisonError};

/// Gives each reply of a cassette once, to a request that is like its own; in the order of the cassette where several are.
#[derive(Debug)]
pub struct Player {
    exchanges: Vec<Exchange>,
    used: Mutex<Vec<bool>>,
}

impl Player {
    /// A player of these.
    #[must_use]
    pub fn new(exchanges: Vec<Exchange>) -> Self {
        let used = Mutex::new(vec![false; exchanges.len()]);
        Self { exchanges, used }
    }

    /// A player of a cassette's text.
    ///
    /// # Errors
    /// See [`CassetteError`].
    pub fn read(text: &str) -> Result<Self, CassetteError> {
        form::read(text).map(Self::new)
    }

    /// The reply to this request.
    ///
    /// # Errors
    /// The cassette has none left. The text is safe to show, and says in what the nearest request that was not used differs.
    pub fn reply(&self, request: &Request) -> Result<Reply, String> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let mut nearest = None;
        for (index, (exchange, used)) in self.exchanges.iter().zip(used.iter_mut()).enumerate() {
            if *used {
                continue;
            }
            let Some((kind, text)) = compare::difference(&exchange.request, request) else {
                *used = true;
                return Ok(exchange.reply.clone());
            };
            if nearest.as_ref().is_none_or(|(best, _, _)| kind > *best) {
                nearest = Some((kind, index + 1, text));
            }
        }
        let request = format!(
            "{} {}",
            printable(&request.method, 20),
            printable(&request.url, 300)
        );
        Err(match nearest {
            Some((_, number, text)) => {
                format!(
                    "the cassette holds no answer to {request}; the nearest is exchange {number}, but {text}"
                )
            }
            None if self.exchanges.is_empty() => {
                format!("the cassette holds no answer to {request}: it is empty")
            }
            None => {
                let used = match self.exchanges.len() {
                    1 => "its one exchange was used".to_owned(),
                    all => format!("all its {all} exchanges were used"),
                };
                format!("the cassette holds no answer to {request}: {used}")
            }
        })
    }

    /// How many exchanges there are, and how many of them nobody has asked for.
    #[must_use]
    pub fn unused(&self) -> (usize, usize) {
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        (used.len(), used.iter().filter(|used| !**used).count())
    }
}
