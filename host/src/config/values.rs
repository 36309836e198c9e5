//! Values that are more than text: times, rates, counts.

use crate::pace::RateLimit;
use std::time::Duration;

/// Longest time that a setting may give.
const MAX_TIME: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// `10` a minute, or `10/s`, `10/m`, `10/h`; 1 to 1,000,000 requests.
pub(super) fn rate(text: &str) -> Option<RateLimit> {
    let (number, unit) = text.split_once('/').unwrap_or((text, "m"));
    let seconds = match unit.trim() {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return None,
    };
    let requests = count(number.trim(), 1, RateLimit::MAX_REQUESTS)?;
    Some(RateLimit {
        requests,
        per: Duration::from_secs(seconds),
    })
}

/// A whole number of plain digits within bounds.
pub(super) fn count(text: &str, min: u32, max: u32) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|number| digits && (min..=max).contains(number))
}

/// Reads a time: `10s`, `500ms`, `1m30s`, `1h 30m`, or plain seconds such as `300` and `0.5`; at most a year. None where it is none.
#[must_use]
pub fn time(text: &str) -> Option<Duration> {
    let text = text.trim();
    let number = !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let time = if number {
        // Digits and a point alone: never negative, and the conversion refuses what is too large.
        Duration::try_from_secs_f64(text.parse().ok()?).ok()?
    } else {
        humantime::parse_duration(text).ok()?
    };
    (time <= MAX_TIME).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (text, millis) in [
            ("300", 300_000),
            ("0.5", 500),
            ("2s", 2000),
            ("1d", 86_400_000),
            ("1h 30m", 5_400_000),
            ("1m30s", 90_000),
            ("90s", 90_000),
            ("500ms", 500),
            ("0", 0),
        ] {
            assert_eq!(
                time(text).map(|time| time.as_millis()),
                Some(millis),
                "{text}"
            );
        }
        for text in [
            "",
            "-1",
            "1e9",
            "nan",
            "inf",
            ".",
            "1.2.3",
            "soon",
            "99999999999999999999",
            "400d",
            "9999999999999y",
        ] {
            assert_eq!(time(text), None, "{text}");
        }
    }

    #[test]
    fn rates() {
        let rate = |text| super::rate(text).map(|rate| (rate.requests, rate.per.as_secs()));
        assert_eq!(rate("10"), Some((10, 60)));
        assert_eq!(rate("10/s"), Some((10, 1)));
        assert_eq!(rate("10 / m"), Some((10, 60)));
        assert_eq!(rate("100/h"), Some((100, 3600)));
        for text in [
            "",
            "0",
            "-1",
            "+5",
            "1.5",
            "10/d",
            "10/",
            "/s",
            "1e3",
            "99999999999",
        ] {
            assert_eq!(rate(text), None, "{text}");
        }
    }
}
