//! How a text is read while a value is looked for in it.

use super::scrub::{scrub_str, scrubber};
use super::{API, key, run, set, usual};
use crate::secrets::finder::Machine;

#[test]
fn a_value_may_end_in_what_could_have_become_an_escape() {
    for (value, spelled) in [
        ("pass/word%4", "pass%2Fword%4"),
        ("pass/word\\u00", "pass\\/word\\u00"),
        // Undone twice.
        ("pass/word%4", "pass%252Fword%4"),
        ("pass/word%4", "pass\\u00252Fword%4"),
        ("pass/word\\u00", "pass%5C/word\\u00"),
    ] {
        let secrets = run(&set(&[("api_key", value, &[API], "header")]), 1);
        let key = key(&secrets);
        assert_eq!(
            scrub_str(&secrets, &format!("no key {spelled}")),
            format!("no key {key}"),
            "{spelled}"
        );
    }
}

#[test]
fn what_one_coding_undid_is_kept_when_another_begins() {
    let secrets = run(&set(&[("api_key", "ab/cd/ef/gh", &[API], "header")]), 1);
    let key = key(&secrets);
    for spelled in [
        // Each can be read in one order only.
        "ab%2Fcd\\u00252Fef/gh",
        "ab\\/cd%5C/ef/gh",
        // The second begins inside an escape of the first.
        "ab%2\\u0046cd/ef/gh",
        "ab\\u002%46cd/ef/gh",
    ] {
        assert_eq!(
            scrub_str(&secrets, &format!("<{spelled}>")),
            format!("<{key}>"),
            "{spelled}"
        );
    }
}

#[test]
fn of_two_values_in_the_same_bytes_the_one_that_is_written_there_is_meant() {
    for (first, second, named) in [
        ("pass%2Fword", "pass/word", "[secret api_key]"),
        ("pass/word", "pass%2Fword", "[secret second]"),
    ] {
        let rows = set(&[
            ("api_key", first, &[API], "header"),
            ("second", second, &[API], "header"),
        ]);
        let secrets = run(&rows, 3);
        let scrubbed = scrub_str(&secrets, "<pass%2Fword>");
        assert_eq!(secrets.show(&scrubbed), format!("<{named}>"));
    }
}

#[test]
fn what_can_begin_a_value_is_what_leads_away_from_the_start() {
    let secrets = usual();
    let patterns = secrets.run().unwrap().set.patterns(&API.parse().unwrap());
    let patterns = patterns.unwrap().unwrap();
    for byte in 0..=u8::MAX {
        let leads_away = patterns.next(patterns.start(), byte) != patterns.start();
        assert_eq!(patterns.opens(byte), leads_away, "{byte}");
    }
    assert!(patterns.opens(b's') && !patterns.opens(b'\0'));
}

#[test]
fn the_hold_back_tells_little_of_the_longest_value() {
    for (longest, held_back) in [(8, 256), (21, 256), (22, 512), (64, 512), (65, 768)] {
        let value = "v".repeat(longest);
        let rows = set(&[
            ("api_key", &value, &[API], "header"),
            ("second", "shorter!", &[API], "header"),
        ]);
        assert_eq!(scrubber(&run(&rows, 3)).held_back(), held_back, "{longest}");
    }
}
