//! Pictures of hostile and of random plans: each is read again by its format's rules, and says what the plan says.

mod readers;

use self::readers::{no_line_in_a_box, read_dot, read_mermaid};
use super::layout::Drawing;
use super::{Plan, Style, dot, layout, mermaid, svg, terminal, trace};
use crate::escape::is_hidden;
use proptest::prelude::*;
use std::collections::BTreeSet;
use unicode_width::UnicodeWidthStr as _;

const STYLE: Style = Style {
    width: 80,
    ascii: false,
    colour: false,
};

/// Names that are markup somewhere.
const HOSTILE: &[&str] = &[
    "end",
    "\"] --> x[\"",
    "a\"b\\",
    "\\\"; evil [URL=\"javascript:x\"]; \\",
    "\\N\\G\\l",
    "`**md**`",
    "1. list",
    "- item",
    "# head",
    "#35;#quot;",
    "&lt;script&gt;&amp;",
    "<script>alert(1)</script>",
    "</text></svg><script/>",
    "<a b=\"c\">",
    "%%{init: {\"theme\":\"x\"}}%%",
    "click s1 href \"javascript:alert(1)\"",
    "---",
    "]]>",
    "<!--",
    "x\u{202e}gpj.exe",
    "a\u{200b}b\u{feff}",
    "备份 数据库",
    "e\u{301}e\u{301}",
    "👩‍👩‍👧 family",
    "\u{fffe}\u{ffff}",
    "\u{f0000}\u{f0001}",
    "│ ┌─┐ ↓ ┼",
    "שלום עולם",
    "graph TD; a-->b;",
    "style s1 fill:#f00",
    ":::class",
    "@{ shape: x }",
];

/// A plan of names that no parser has looked at, so that a picture does not lean on one.
fn plan(steps: &[(String, Vec<usize>)]) -> Plan {
    let waits: Vec<Vec<String>> = steps
        .iter()
        .map(|(_, waits)| waits.iter().map(|&i| steps[i].0.clone()).collect())
        .collect();
    let title = HOSTILE[steps.len() % HOSTILE.len()];
    let steps = steps
        .iter()
        .zip(&waits)
        .map(|((name, _), waits)| (name.as_str(), waits.as_slice()));
    Plan::new(title, title, steps.collect())
}

/// Plans of up to `most` steps, each of which waits for up to `waits` of those before it.
fn plans(most: usize, waits: usize) -> impl Strategy<Value = Plan> {
    let name = prop_oneof![
        3 => "[a-z][a-z-]{0,14}",
        1 => proptest::sample::select(HOSTILE).prop_map(str::to_owned),
        1 => "\\PC{1,60}".prop_filter("a name", |name: &String| !name.trim().is_empty()),
    ];
    let step = (
        name,
        proptest::collection::vec(any::<proptest::sample::Index>(), 0..=waits),
    );
    proptest::collection::vec(step, 1..=most).prop_map(|steps| {
        let steps: Vec<(String, Vec<usize>)> = steps
            .into_iter()
            .enumerate()
            .map(|(i, (name, waits))| {
                let waits: BTreeSet<usize> = if i == 0 {
                    BTreeSet::new()
                } else {
                    waits.iter().map(|at| at.index(i)).collect()
                };
                (format!("{i} {name}"), waits.into_iter().collect())
            })
            .collect();
        plan(&steps)
    })
}

fn edges(plan: &Plan) -> BTreeSet<(usize, usize)> {
    plan.lines().collect()
}

fn check(plan: &Plan) {
    let labels: Vec<String> = plan.steps.iter().map(|step| step.label.clone()).collect();
    assert_eq!(read_dot(&dot(plan)), (labels.clone(), edges(plan)));
    assert_eq!(read_mermaid(&mermaid(plan)), (labels.clone(), edges(plan)));
    check_svg(plan, &labels);
    for style in [
        STYLE,
        Style {
            ascii: true,
            ..STYLE
        },
        Style {
            width: 10_000,
            ..STYLE
        },
    ] {
        check_text(plan, &style);
    }
}

fn check_svg(plan: &Plan, labels: &[String]) {
    let text = svg(plan).unwrap();
    let file = roxmltree::Document::parse(&text).unwrap();
    let shown: Vec<&str> = file
        .descendants()
        .filter(|node| node.attribute("class") == Some("name"))
        .map(|node| node.text().unwrap_or(""))
        .collect();
    let legal = |label: &String| label.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}");
    assert_eq!(shown, labels.iter().map(legal).collect::<Vec<_>>());
    let drawn = file
        .descendants()
        .filter(|node| node.attribute("class") == Some("line"));
    assert_eq!(drawn.count(), edges(plan).len());
    for node in file.descendants() {
        assert!(
            !node.has_tag_name("script") && !node.has_tag_name("a") && !node.has_tag_name("image")
        );
        for attribute in node.attributes() {
            let value = attribute.value().replace("http://www.w3.org/2000/svg", "");
            assert!(!attribute.name().starts_with("on"), "{attribute:?}");
            assert!(
                !value.contains("://") && !value.contains("data:"),
                "{attribute:?}"
            );
        }
    }
    no_line_in_a_box(&file);
}

fn check_text(plan: &Plan, style: &Style) {
    let text = terminal(plan, style);
    assert!(!text.chars().any(|c| c != '\n' && is_hidden(c)), "{text}");
    assert!(!style.ascii || text.is_ascii(), "{text}");
    if text.contains('┌') && !plan.steps.iter().any(|step| step.label.contains('┌')) {
        let body = text.lines().skip(2);
        assert!(
            body.clone().all(|line| line.width() <= style.width),
            "{text}"
        );
    }
    for step in &plan.steps {
        assert!(
            style.ascii || text.contains(&step.label),
            "{} in {text}",
            step.label
        );
    }
}

#[test]
fn hostile_names_are_shown_and_obeyed_by_nobody() {
    let steps: Vec<(String, Vec<usize>)> = HOSTILE
        .iter()
        .enumerate()
        .map(|(i, name)| {
            (
                (*name).to_owned(),
                if i == 0 { vec![] } else { vec![i / 2] },
            )
        })
        .collect();
    let steps = steps.into_iter().enumerate().map(|(i, (name, waits))| {
        (
            name,
            waits.into_iter().filter(|&earlier| earlier < i).collect(),
        )
    });
    let steps: Vec<(String, Vec<usize>)> = steps.collect();
    check(&plan(&steps));
    for (name, _) in steps {
        check(&plan(&[(name, vec![])]));
    }
}

#[test]
fn a_drawing_that_says_another_thing_is_not_exact() {
    let steps = |waits: [&[usize]; 4]| {
        let names = ["a", "b", "c", "d"];
        let steps = names
            .iter()
            .zip(waits)
            .map(|(name, waits)| ((*name).to_owned(), waits.to_vec()));
        plan(&steps.collect::<Vec<_>>())
    };
    let drawn = |plan: &Plan| -> Drawing {
        let labels: Vec<String> = plan.steps.iter().map(|step| step.label.clone()).collect();
        layout::draw(plan, &labels, false)
    };
    let diamond = steps([&[], &[0], &[0], &[1, 2]]);
    assert!(trace::is_exact(&diamond, &drawn(&diamond)));
    for other in [
        steps([&[], &[0], &[0], &[1]]),
        steps([&[], &[0], &[], &[1, 2]]),
        steps([&[], &[0], &[0], &[0, 1, 2]]),
        steps([&[], &[], &[], &[]]),
    ] {
        assert!(!trace::is_exact(&other, &drawn(&diamond)));
    }
    // Two that share a line to two of which one waits for both: it reads as if both waited for both.
    let shared = steps([&[], &[], &[0], &[0, 1]]);
    let text = terminal(&shared, &STYLE);
    assert!(
        text.contains("d ← a, b") || trace::is_exact(&shared, &drawn(&shared)),
        "{text}"
    );
}

#[test]
fn what_is_wide_covers_two_cells() {
    let steps = [("备份".to_owned(), vec![]), ("ab".to_owned(), vec![0])];
    let text = terminal(&plan(&steps), &STYLE);
    assert!(text.contains("│ 备份 │"), "{text}");
    let drawn: Vec<&str> = text.lines().skip(2).collect();
    assert_eq!(drawn[0].width(), drawn[1].width(), "{text}");
}

#[test]
fn what_is_too_large_is_listed_and_not_drawn() {
    let chain: Vec<(String, Vec<usize>)> = (0..1_001)
        .map(|i| (format!("s{i}"), if i == 0 { vec![] } else { vec![i - 1] }))
        .collect();
    let error = svg(&plan(&chain)).unwrap_err().to_string();
    assert!(
        error.contains("1000") && error.contains("--format dot"),
        "{error}"
    );
    assert!(terminal(&plan(&chain), &STYLE).contains("s1000 ← s999"));
    // Few steps, whose lines pass many others.
    let mut far: Vec<(String, Vec<usize>)> = chain.into_iter().take(300).collect();
    for (_, waits) in far.iter_mut().skip(2) {
        waits.push(0);
    }
    assert!(svg(&plan(&far)).unwrap_err().to_string().contains("10000"));
    assert!(terminal(&plan(&far), &STYLE).contains("s299 ← s298, s0"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_format_says_what_the_plan_says(plan in plans(25, 3)) {
        check(&plan);
    }

    #[test]
    fn larger_plans_too(plan in plans(120, 2)) {
        check(&plan);
    }
}
