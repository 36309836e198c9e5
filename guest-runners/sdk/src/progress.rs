//! What the runner has so far, for a user who waits.

/// The most bytes that one call of the host takes; beyond them it traps.
#[cfg(any(target_family = "wasm", feature = "streaming", test))]
pub(crate) const MAX_CHUNK: usize = 1 << 20;

/// Shows `text` as it is; it need not be a line and is not part of the result. Natively it goes nowhere.
pub fn emit(text: &str) {
    #[cfg(target_family = "wasm")]
    for chunk in chunks(text, MAX_CHUNK) {
        crate::bindings::arborist::runner::progress::emit(chunk);
    }
    #[cfg(not(target_family = "wasm"))]
    let _ = text;
}

/// `text` in pieces of at most `max` bytes, cut between characters; `max` is at least 4.
#[cfg(any(target_family = "wasm", feature = "streaming", test))]
pub(crate) fn chunks(text: &str, max: usize) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (chunk, left) = rest.split_at(rest.floor_char_boundary(max));
        rest = left;
        (!chunk.is_empty()).then_some(chunk)
    })
}

#[cfg(test)]
mod tests {
    use super::{MAX_CHUNK, chunks};

    #[test]
    fn long_text_is_cut_between_characters() {
        let parts: Vec<&str> = chunks("aä€𝄞bc", 4).collect();
        assert_eq!(parts, ["aä", "€", "𝄞", "bc"]);
        assert_eq!(chunks("", MAX_CHUNK).count(), 0);
        assert_eq!(chunks(&"x".repeat(2 * MAX_CHUNK + 1), MAX_CHUNK).count(), 3);
    }
}
