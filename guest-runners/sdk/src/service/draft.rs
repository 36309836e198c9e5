//! An answer while it comes.

use crate::http::MAX_ANSWER;
use crate::{Error, progress};

/// The text so far. What is added is shown at once.
#[derive(Debug, Default)]
pub(super) struct Draft(String);

impl Draft {
    /// # Errors
    /// [`Error::InvalidResponse`] where the answer grows beyond [`MAX_ANSWER`].
    pub(super) fn add(&mut self, piece: &str) -> Result<(), Error> {
        if self.0.len() + piece.len() > MAX_ANSWER {
            return Err(Error::InvalidResponse(format!(
                "the answer is larger than {MAX_ANSWER} bytes"
            )));
        }
        progress::emit(piece);
        self.0.push_str(piece);
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endless_answer_is_stopped() {
        let mut draft = Draft::default();
        let piece = "x".repeat(MAX_ANSWER / 4);
        for _ in 0..4 {
            assert_eq!(draft.add(&piece), Ok(()));
        }
        assert!(matches!(draft.add("x"), Err(Error::InvalidResponse(_))));
        assert_eq!(draft.into_text().len(), MAX_ANSWER / 4 * 4);
    }
}
