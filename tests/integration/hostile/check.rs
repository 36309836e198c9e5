//! What must hold of an attempt: of every one, and of this one.

use super::{
    case::{Expect, Key, Texts},
    key,
    stage::Stage,
};
use arborist::secrets::PLACEHOLDER_PREFIX;
use arborist_tests::{Ran, service::Service};

/// Everything that is not as it must be.
pub(crate) fn faults(stage: &Stage, expect: &Expect, ran: &Ran) -> Vec<String> {
    let mut faults = Vec::new();
    always(stage, ran, &mut faults);
    expected(stage, expect, ran, &mut faults);
    if expect.key == Some(Key::Nowhere) {
        key_is_nowhere(stage, ran, &mut faults);
    }
    faults
}

/// What holds of every attempt, whatever the guest and the service do.
fn always(stage: &Stage, ran: &Ran, faults: &mut Vec<String>) {
    // A case that guesses placeholders finds its own guesses again.
    let guessed = stage.says(PLACEHOLDER_PREFIX);
    let mut must = |holds: bool, fault: &str| {
        if !holds {
            faults.push(fault.to_owned());
        }
    };
    must(ran.code.is_some(), "a signal ended the host");
    must(ran.code != Some(1), "the host calls it an internal error");
    // What a guest says of itself stands behind a prefix.
    let panicked = |line: &str| line.starts_with("thread '") && line.contains("panicked");
    must(!ran.stderr.lines().any(panicked), "the host panicked");
    if ran.code == Some(0) {
        must(!ran.stderr.contains("error:"), "an error, and exit code 0");
    } else {
        must(ran.stderr.contains("error:"), "no error is told");
    }
    for text in [&ran.stdout, &ran.stderr] {
        must(!text.contains(key::CANARY.1), "the environment got out");
        must(
            guessed || !text.contains(PLACEHOLDER_PREFIX),
            "a placeholder is shown",
        );
        must(
            !text.chars().any(obeyed),
            "a character that terminals obey is shown",
        );
    }
    must(
        stage.other.connections() == 0,
        "the forbidden port was connected to",
    );
    for service in stage.service.iter().chain(&stage.second) {
        for seen in service.requests() {
            must(seen.fault.is_none(), "a malformed request was sent");
            must(!seen.holds(key::CANARY.1), "the environment was sent");
            must(
                guessed || !seen.holds(PLACEHOLDER_PREFIX),
                "a placeholder was sent",
            );
        }
    }
}

/// Control characters that do more than end a line, and those that turn text around.
fn obeyed(c: char) -> bool {
    let turns =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || (c.is_control() && c != '\n')
}

/// What the case says.
fn expected(stage: &Stage, expect: &Expect, ran: &Ran, faults: &mut Vec<String>) {
    if ran.code != expect.exit {
        faults.push(format!(
            "exit code {:?} and not {:?}",
            ran.code, expect.exit
        ));
    }
    let texts =
        |what: &str, texts: &Texts, holds: &dyn Fn(&str) -> bool, faults: &mut Vec<String>| {
            for text in stage.fill.all(&texts.has) {
                if !holds(&text) {
                    faults.push(format!("{what} lacks {text:?}"));
                }
            }
            for text in stage.fill.all(&texts.lacks) {
                if holds(&text) {
                    faults.push(format!("{what} holds {text:?}"));
                }
            }
        };
    texts(
        "stdout",
        &expect.stdout,
        &|text| ran.stdout.contains(text),
        faults,
    );
    texts(
        "stderr",
        &expect.stderr,
        &|text| ran.stderr.contains(text),
        faults,
    );
    let wire = |service: &Option<Service>, text: &str| {
        let services = service.iter();
        services
            .flat_map(Service::requests)
            .any(|seen| seen.holds(text))
    };
    texts(
        "the wire",
        &expect.wire,
        &|text| wire(&stage.service, text),
        faults,
    );
    texts(
        "the second wire",
        &expect.second_wire,
        &|text| wire(&stage.second, text),
        faults,
    );
    let mut count = |what: &str, service: &Option<Service>, expected: Option<usize>| {
        let number = service
            .as_ref()
            .map_or(0, |service| service.requests().len());
        if expected.is_some_and(|expected| expected != number) {
            faults.push(format!("{what} saw {number} requests and not {expected:?}"));
        }
    };
    count("the service", &stage.service, expect.requests);
    count("the second service", &stage.second, expect.second_requests);
    let peak = ran.peak >> 20;
    if expect.peak_mib.is_some_and(|most| peak > most) {
        faults.push(format!("the host took {peak} MiB"));
    }
}

/// The key may be on the wire to the service, and nowhere else.
fn key_is_nowhere(stage: &Stage, ran: &Ran, faults: &mut Vec<String>) {
    for (what, text) in [("stdout", &ran.stdout), ("stderr", &ran.stderr)] {
        if key::is_in(text.as_bytes()) {
            faults.push(format!("the key is in {what}"));
        }
    }
    for path in key::files(stage.host.home()) {
        // Where the case put it.
        if !path.ends_with("agent-arborist.yaml") {
            faults.push(format!("the key is in the file {path}"));
        }
    }
    let second = stage.second.iter().flat_map(Service::requests);
    if second
        .into_iter()
        .any(|seen| key::is_in(&seen.raw_head) || key::is_in(&seen.body))
    {
        faults.push("the key went to the second service".to_owned());
    }
}
