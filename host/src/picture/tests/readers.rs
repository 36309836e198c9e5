//! Readers of what is drawn, by the formats' own rules.

use std::collections::BTreeSet;

/// Reads DOT as its grammar has it, as far as a plan needs: attributes, node and edge statements.
pub(super) fn read_dot(text: &str) -> (Vec<String>, BTreeSet<(usize, usize)>) {
    let mut labels = Vec::new();
    let mut lines = BTreeSet::new();
    let body = text
        .strip_prefix("digraph plan {\n")
        .unwrap()
        .strip_suffix("}\n")
        .unwrap();
    let id = |text: &str| {
        text.trim()
            .strip_prefix('s')
            .unwrap()
            .parse::<usize>()
            .unwrap()
            - 1
    };
    for line in body.lines().skip(2) {
        let line = line.trim().strip_suffix(';').unwrap();
        match line.split_once(" [label=\"") {
            Some((step, label)) => {
                assert_eq!(id(step), labels.len());
                labels.push(unquoted(label.strip_suffix("\"]").unwrap()));
            }
            None => {
                let (from, to) = line.split_once(" -> ").unwrap();
                lines.insert((id(from), id(to)));
            }
        }
    }
    (labels, lines)
}

/// What a quoted label shows. Panics at a quote that would end it, an unknown escape or a bare entity.
fn unquoted(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '"' => panic!("a quote inside of {text}"),
            '\\' => match rest.next() {
                Some(c @ ('"' | '\\')) => shown.push(c),
                other => panic!("an escape {other:?} in {text}"),
            },
            '&' => {
                let entity: String = rest.by_ref().take(4).collect();
                assert_eq!(entity, "amp;");
                shown.push('&');
            }
            c => shown.push(c),
        }
    }
    shown
}

/// Reads a flowchart line by line; whatever Mermaid could take for markup in a label panics.
pub(super) fn read_mermaid(text: &str) -> (Vec<String>, BTreeSet<(usize, usize)>) {
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("---"));
    let title = lines.next().unwrap().strip_prefix("title: ").unwrap();
    assert!(serde_saphyr::from_str::<String>(title).is_ok(), "{title}");
    assert!(!title.contains(['<', '%', '{']), "{title}");
    assert_eq!(
        (lines.next(), lines.next()),
        (Some("---"), Some("flowchart TD"))
    );
    let id = |text: &str| text.strip_prefix('s').unwrap().parse::<usize>().unwrap() - 1;
    let (mut labels, mut found) = (Vec::new(), BTreeSet::new());
    for line in lines {
        let line = line.strip_prefix("  ").unwrap();
        match line.split_once("[\"") {
            Some((step, label)) => {
                assert_eq!(id(step), labels.len());
                labels.push(unspelled(label.strip_suffix("\"]").unwrap()));
            }
            None => {
                let (from, to) = line.split_once(" --> ").unwrap();
                found.insert((id(from), id(to)));
            }
        }
    }
    (labels, found)
}

fn unspelled(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c == '#' {
            let (code, after) = rest[1..].split_once(';').unwrap();
            shown.push(char::from_u32(code.parse().unwrap()).unwrap());
            rest = after;
        } else {
            assert!(
                c.is_alphanumeric() || " -.,:/+=@".contains(c),
                "{c} in {text}"
            );
            shown.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    shown
}

/// Boxes as left, top, right and lower side; where a line goes straight down it is beside all of them.
pub(super) fn no_line_in_a_box(file: &roxmltree::Document<'_>) {
    let number = |node: &roxmltree::Node<'_, '_>, name| {
        node.attribute(name).unwrap().parse::<f64>().unwrap()
    };
    let boxes: Vec<[f64; 4]> = file
        .descendants()
        .filter(|node| node.attribute("class") == Some("box"))
        .map(|node| {
            let (x, y) = (number(&node, "x"), number(&node, "y"));
            [
                x,
                y,
                x + number(&node, "width"),
                y + number(&node, "height"),
            ]
        })
        .collect();
    for (i, a) in boxes.iter().enumerate() {
        for b in &boxes[i + 1..] {
            let apart = a[2] < b[0] || b[2] < a[0] || a[3] < b[1] || b[3] < a[1];
            assert!(apart, "{a:?} and {b:?} overlap");
        }
    }
    for line in file
        .descendants()
        .filter(|node| node.attribute("class") == Some("line"))
    {
        let path = line.attribute("d").unwrap();
        // `V` ends a straight way down that began where the curve before it ended.
        let mut at = (0.0, 0.0);
        for part in path.replace('C', "\nC").replace('V', "\nV").lines() {
            let numbers: Vec<f64> = part[1..].split(' ').map(|n| n.parse().unwrap()).collect();
            match part.as_bytes()[0] {
                b'V' => {
                    let (top, end) = (at.1, numbers[0]);
                    let hit =
                        |b: &&[f64; 4]| b[0] < at.0 && at.0 < b[2] && b[1] < end && top < b[3];
                    assert_eq!(boxes.iter().find(hit), None, "{path}");
                    at.1 = end;
                }
                _ => at = (numbers[numbers.len() - 2], numbers[numbers.len() - 1]),
            }
        }
        // It ends where a box begins, in its width.
        let ends = |b: &&[f64; 4]| b[1] == at.1 && b[0] < at.0 && at.0 < b[2];
        assert!(boxes.iter().any(|b| ends(&b)), "{path}");
    }
}
