//! The page as its parts: headings, and the fenced blocks below them by what their info strings say.

/// A part of the page, from one heading to the next of any level. What stands before the first has no heading.
#[derive(Debug, Default)]
pub(crate) struct Section {
    pub(crate) heading: String,
    pub(crate) blocks: Vec<Block>,
}

/// A fenced block.
#[derive(Debug)]
pub(crate) struct Block {
    /// The line of the page that its content begins at, from 1.
    pub(crate) line: usize,
    pub(crate) kind: Kind,
    pub(crate) content: String,
}

/// What a block is for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `title=FILE`: a file of the example's folder.
    File(String),
    /// `guest=NAME component=FILE`: the source of a test guest, whose component is that file of the
    /// example's folder, and of those of all sections that follow.
    Guest { name: String, component: String },
    /// `answer=ORIGIN`: what the service says to the next request; the last answer is given to all that follow.
    Answer(Answer),
    /// `edit=FILE`: what is changed in a file, as a difference: `-` for a line that goes, `+` for one that comes.
    Edit(String),
    /// `console`: commands, each after `$ `, and what they print.
    Console(Console),
    /// `not-run`: said to be none of the test's.
    NotRun,
}

/// How the commands of a block are run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Console {
    /// `offline`: the files stand as the page has them, and nobody answers.
    pub(crate) offline: bool,
    /// `first-time`: the user has not been asked yet where keys may go.
    pub(crate) first_time: bool,
    /// `tools`: they install tools; those that scripts/install-toolchains brought are put there instead.
    pub(crate) tools: bool,
    /// `type=TEXT`: they are run at a terminal, where a question comes and this is typed.
    pub(crate) typed: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) origin: String,
    pub(crate) status: u16,
    pub(crate) retry_after: Option<String>,
    /// How many requests must be in progress at once before any is answered.
    pub(crate) together: usize,
}

/// Reads the page.
///
/// # Panics
/// An info string is none of those above, or a block is not closed.
pub(crate) fn read(page: &str) -> Vec<Section> {
    let mut sections = vec![Section::default()];
    let mut lines = (1..).zip(page.lines());
    while let Some((number, line)) = lines.next() {
        if let Some(info) = line.strip_prefix("```") {
            let kind = kind(info).unwrap_or_else(|| panic!("line {number}: `{info}` is unknown"));
            let mut content = String::new();
            loop {
                let (_, line) = lines
                    .next()
                    .unwrap_or_else(|| panic!("line {number}: the block is not closed"));
                if line == "```" {
                    break;
                }
                content.push_str(line);
                content.push('\n');
            }
            let line = number + 1;
            sections.last_mut().unwrap().blocks.push(Block {
                line,
                kind,
                content,
            });
        } else if line.starts_with("## ") || line.starts_with("### ") {
            sections.push(Section {
                heading: line.trim_start_matches(['#', ' ']).to_owned(),
                blocks: Vec::new(),
            });
        } else {
            // An indented fence would be passed over.
            assert!(!line.contains("```"), "line {number}: a fence in a line");
        }
    }
    sections
}

fn kind(info: &str) -> Option<Kind> {
    let mut words = info.split(' ');
    let language = words.next()?;
    let mut words: Vec<(&str, &str)> = words
        .map(|word| word.split_once('=').unwrap_or((word, "")))
        .collect();
    let mut take = |name: &str| {
        let at = words.iter().position(|(other, _)| *other == name)?;
        Some(words.remove(at).1.to_owned())
    };
    let kind = if language.is_empty() {
        return None;
    } else if language == "console" {
        Kind::Console(Console {
            offline: take("offline").is_some(),
            first_time: take("first-time").is_some(),
            tools: take("tools").is_some(),
            typed: take("type"),
        })
    } else if let Some(name) = take("edit") {
        Kind::Edit(name)
    } else if let Some(origin) = take("answer") {
        Kind::Answer(Answer {
            origin,
            status: take("status").map_or(Some(200), |status| status.parse().ok())?,
            retry_after: take("retry-after"),
            together: take("together").map_or(Some(1), |number| number.parse().ok())?,
        })
    } else if let Some(name) = take("guest") {
        let component = take("component")?;
        Kind::Guest { name, component }
    } else if let Some(title) = take("title") {
        Kind::File(title)
    } else if take("not-run").is_some() {
        Kind::NotRun
    } else {
        return None;
    };
    words.is_empty().then_some(kind)
}

/// The commands of a console block, each with what the page says that it prints.
///
/// # Panics
/// The block begins with something else.
pub(crate) fn commands(block: &Block) -> Vec<(usize, &str, String)> {
    let mut commands: Vec<(usize, &str, String)> = Vec::new();
    for (number, line) in (block.line..).zip(block.content.lines()) {
        if let Some(command) = line.strip_prefix("$ ") {
            commands.push((number, command, String::new()));
            continue;
        }
        let (_, _, output) = commands
            .last_mut()
            .unwrap_or_else(|| panic!("line {number}: output without a command"));
        output.push_str(line);
        output.push('\n');
    }
    commands
}

/// Whether a command printed what the page says: `…` stands for any text within a line, and alone for any lines.
pub(crate) fn agrees(page: &str, printed: &str) -> bool {
    // Editors take white space at the ends of lines away.
    let page: Vec<&str> = page.lines().map(str::trim_end).collect();
    let printed: Vec<&str> = printed.lines().map(str::trim_end).collect();
    lines_agree(&page, &printed)
}

fn lines_agree(page: &[&str], printed: &[&str]) -> bool {
    match page {
        [] => printed.is_empty(),
        ["…", rest @ ..] => (0..=printed.len()).any(|skip| lines_agree(rest, &printed[skip..])),
        [first, rest @ ..] => {
            let [line, others @ ..] = printed else {
                return false;
            };
            line_agrees(first, line) && lines_agree(rest, others)
        }
    }
}

fn line_agrees(page: &str, printed: &str) -> bool {
    let mut parts = page.split('…');
    let Some(mut rest) = printed.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    true
}

#[test]
fn what_differs_from_the_page_is_seen() {
    let page = "a\n…\nb … c\n";
    assert!(agrees(page, "a\nb 12 c\n") && agrees(page, "a\nx\ny\nb 1 c\n"));
    for printed in [
        "",
        "a\n",
        "a\nb c\n",
        "a\nb 1 d\n",
        "a\nb 1 c\nmore\n",
        "aa\nb 1 c\n",
    ] {
        assert!(!agrees(page, printed), "{printed}");
    }
    assert!(agrees("", "") && !agrees("", "x\n"));
    let unknown = [
        "",
        "yaml",
        "console online",
        "yaml title=a also",
        "json answer=x status=ok",
        "rust guest=a",
        "console title=a",
        "console edit=a",
    ];
    for info in unknown {
        assert_eq!(kind(info), None, "{info}");
    }
}
