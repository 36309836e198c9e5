//! The times of the last attempts, as a ring: as many as the rate permits in a window. The place that is next holds the time of
//! the attempt before which one more would be too many, so that finding a turn costs the same at any rate.

use crate::{clock, pace::RateLimit};
use std::io;

/// What the first word says, so that no other file is taken for a ring: "arbrate1".
const MAGIC: u64 = u64::from_be_bytes(*b"arbrate1");
/// Words before the times: the magic, how many times there are, which is next.
const HEAD: u64 = 3;
/// How far ahead a time can lie: a run has a day at most. What lies beyond was written by another clock.
const FARTHEST: u64 = 24 * 60 * 60 * 1000;
/// Added to every window, in milliseconds, since a service counts when a request arrives and not when it leaves.
const MARGIN: u64 = 20;

/// Numbered words that last: memory, or a file that is locked while it is used.
pub(super) trait Words {
    /// How many there are.
    fn len(&self) -> io::Result<u64>;
    /// Makes it this many, all of them zero.
    fn clear(&mut self, len: u64) -> io::Result<()>;
    /// The word at a place; zero was never written.
    fn word(&self, place: u64) -> io::Result<u64>;
    /// Writes a word.
    fn put(&mut self, place: u64, word: u64) -> io::Result<()>;
}

impl Words for Vec<u64> {
    fn len(&self) -> io::Result<u64> {
        Ok(self.as_slice().len() as u64)
    }

    fn clear(&mut self, len: u64) -> io::Result<()> {
        let len = usize::try_from(len).map_err(io::Error::other)?;
        *self = vec![0; len];
        Ok(())
    }

    fn word(&self, place: u64) -> io::Result<u64> {
        let place = usize::try_from(place).map_err(io::Error::other)?;
        Ok(self.as_slice().get(place).copied().unwrap_or(0))
    }

    fn put(&mut self, place: u64, word: u64) -> io::Result<()> {
        let place = usize::try_from(place).map_err(io::Error::other)?;
        if let Some(found) = self.get_mut(place) {
            *found = word;
        }
        Ok(())
    }
}

/// A turn that was taken: when it is, and what is needed to give it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    /// In milliseconds, as the clock that was given has it.
    pub(super) at: u64,
    place: u64,
    before: u64,
}

/// A ring in its words.
pub(super) struct Ring<'w, W> {
    words: &'w mut W,
    count: u64,
    /// The length of the window, in milliseconds, [`MARGIN`] included.
    per: u64,
}

impl<'w, W: Words> Ring<'w, W> {
    /// The ring that `words` hold. If they hold none for this rate, it is made: of the times of one for another rate, or empty.
    pub(super) fn open(words: &'w mut W, rate: RateLimit, now: u64) -> io::Result<Self> {
        let per = clock::millis(rate.per);
        let mut ring = Self {
            words,
            count: u64::from(rate.requests.max(1)),
            per: per.saturating_add(MARGIN),
        };
        let length = ring.words.len()?;
        let is_ring = length > HEAD
            && ring.words.word(0)? == MAGIC
            && ring.words.word(1)?.checked_add(HEAD) == Some(length)
            && length <= HEAD + u64::from(RateLimit::MAX_REQUESTS);
        if !is_ring {
            ring.make(&[])?;
        } else if ring.words.word(1)? != ring.count {
            let times: io::Result<Vec<u64>> =
                (HEAD..length).map(|place| ring.words.word(place)).collect();
            ring.make(&times?)?;
        }
        // Times from another clock, set back since, would keep everybody waiting.
        if ring.last()? > now.saturating_add(FARTHEST) {
            ring.make(&[])?;
        }
        Ok(ring)
    }

    /// Takes the next turn, unless it comes after `until`.
    ///
    /// # Errors
    /// Of the words. The inner one is when the turn would be.
    pub(super) fn take(&mut self, now: u64, until: u64) -> io::Result<Result<Taken, u64>> {
        let place = self.next()?;
        let before = self.words.word(HEAD + place)?;
        let free = match before {
            0 => 0,
            time => time.saturating_add(self.per),
        };
        // Never before the one that came first: turns are in order, also where the clock was set back.
        let at = now.max(free).max(self.last()?);
        if at > until {
            return Ok(Err(at));
        }
        self.words.put(HEAD + place, at)?;
        self.words.put(2, (place + 1) % self.count)?;
        Ok(Ok(Taken { at, place, before }))
    }

    /// Gives a turn back that was not used. Once a later one is taken it is lost: that one is not moved.
    pub(super) fn give_back(&mut self, taken: Taken) -> io::Result<()> {
        let is_last = (taken.place + 1) % self.count == self.next()?
            && taken.place < self.count
            && self.words.word(HEAD + taken.place)? == taken.at;
        if is_last {
            self.words.put(HEAD + taken.place, taken.before)?;
            self.words.put(2, taken.place)?;
        }
        Ok(())
    }

    fn next(&self) -> io::Result<u64> {
        // A damaged file may say anything.
        Ok(self.words.word(2)? % self.count)
    }

    /// The time of the turn that was taken last.
    fn last(&self) -> io::Result<u64> {
        let place = (self.next()? + self.count - 1) % self.count;
        self.words.word(HEAD + place)
    }

    /// Makes the ring anew, of the latest of these times.
    fn make(&mut self, times: &[u64]) -> io::Result<()> {
        let mut times: Vec<u64> = times.iter().copied().filter(|time| *time > 0).collect();
        times.sort_unstable();
        let kept = usize::try_from(self.count).unwrap_or(usize::MAX);
        let latest = times.get(times.len().saturating_sub(kept)..);
        self.words.clear(HEAD + self.count)?;
        let mut next = 0;
        for time in latest.unwrap_or_default() {
            self.words.put(HEAD + next, *time)?;
            next += 1;
        }
        self.words.put(1, self.count)?;
        self.words.put(2, next % self.count)?;
        // Last: until then it is no ring.
        self.words.put(0, MAGIC)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    const LATER: u64 = u64::MAX;

    fn rate(requests: u32) -> RateLimit {
        RateLimit {
            requests,
            per: Duration::from_millis(1000 - MARGIN),
        }
    }

    fn turns(words: &mut Vec<u64>, requests: u32, now: u64, count: usize) -> Vec<u64> {
        let mut ring = Ring::open(words, rate(requests), now).unwrap();
        let turn = |_| ring.take(now, LATER).unwrap().unwrap().at;
        (0..count).map(turn).collect()
    }

    #[test]
    fn as_many_as_the_rate_says_go_at_once_and_the_others_wait_in_order() {
        let mut words = Vec::new();
        assert_eq!(
            turns(&mut words, 2, 5000, 5),
            [5000, 5000, 6000, 6000, 7000]
        );
        assert_eq!(turns(&mut words, 2, 8500, 2), [8500, 8500]);
    }

    #[test]
    fn a_turn_after_the_deadline_is_not_taken() {
        let mut words = Vec::new();
        let mut ring = Ring::open(&mut words, rate(1), 1000).unwrap();
        assert_eq!(ring.take(1000, 1000).unwrap().unwrap().at, 1000);
        assert_eq!(ring.take(1000, 1999).unwrap(), Err(2000));
        assert_eq!(ring.take(1000, 2000).unwrap().unwrap().at, 2000);
    }

    #[test]
    fn the_last_turn_can_be_given_back() {
        let mut words = Vec::new();
        let mut ring = Ring::open(&mut words, rate(1), 1000).unwrap();
        ring.take(1000, LATER).unwrap().unwrap();
        let second = ring.take(1000, LATER).unwrap().unwrap();
        ring.give_back(second).unwrap();
        let again = ring.take(1000, LATER).unwrap().unwrap();
        assert_eq!(again.at, 2000);
        let last = ring.take(1000, LATER).unwrap().unwrap();
        // Another waits behind it already, so it is lost.
        ring.give_back(again).unwrap();
        assert_eq!(last.at, 3000);
        assert_eq!(ring.take(1000, LATER).unwrap().unwrap().at, 4000);
    }

    #[test]
    fn a_new_rate_keeps_the_latest_times() {
        let mut words = Vec::new();
        turns(&mut words, 3, 1000, 1);
        turns(&mut words, 3, 1200, 1);
        turns(&mut words, 3, 1400, 1);
        assert_eq!(turns(&mut words.clone(), 2, 1500, 2), [2200, 2400]);
        assert_eq!(turns(&mut words, 5, 1500, 3), [1500, 1500, 2000]);
    }

    #[test]
    fn what_is_no_ring_or_from_another_clock_is_made_anew() {
        for mut words in [
            vec![1; 7],
            vec![MAGIC],
            vec![MAGIC, u64::MAX, 0, 9],
            vec![MAGIC, 2, 99, 7],
            vec![MAGIC, 2, 1, LATER, 0],
        ] {
            assert_eq!(turns(&mut words, 2, 5000, 2), [5000, 5000], "{words:?}");
        }
    }

    proptest! {
        /// The property that the limit is there for.
        #[test]
        fn no_window_holds_more_than_the_rate(
            requests in 1..6_u32,
            waits in proptest::collection::vec(0..700_u64, 1..60),
        ) {
            let (mut words, mut now, mut at) = (Vec::new(), 10_000, Vec::new());
            for wait in waits {
                now += wait;
                at.extend(turns(&mut words, requests, now, 1));
            }
            prop_assert!(at.is_sorted());
            for window in at.windows(requests as usize + 1) {
                prop_assert!(window[requests as usize] - window[0] >= 1000, "{:?}", at);
            }
        }

        #[test]
        fn no_content_of_a_file_panics(
            mut words in proptest::collection::vec(any::<u64>(), 0..12),
            magic in any::<bool>(),
            requests in 1..6_u32,
        ) {
            if magic && words.len() > 3 {
                words[0] = MAGIC;
                words[1] = words.len() as u64 - 3;
            }
            let mut ring = Ring::open(&mut words, rate(requests), 5000).unwrap();
            let _ = ring.take(5000, LATER).unwrap();
        }
    }
}
