//! `arborist graph`: pictures of plans, compared with files that a person has looked at.
//!
//! `ARBORIST_UPDATE=1 cargo test … graph` writes those files anew; look at the difference before it is committed.

use arborist_tests::{Host, pty::Terminal};
use std::{env, fs, path::PathBuf};

fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus/pictures")
}

#[test]
fn pictures_are_those_that_were_looked_at() {
    let host = Host::new();
    let update = env::var_os("ARBORIST_UPDATE").is_some();
    let kinds: [(&str, &[&str]); 5] = [
        ("txt", &[]),
        ("ascii.txt", &["--ascii"]),
        ("mmd", &["--format", "mermaid"]),
        ("dot", &["--format", "dot"]),
        ("svg", &["--format", "svg"]),
    ];
    let mut differ = Vec::new();
    for plan in ["backup", "crossing", "hostile", "chain"] {
        let source = corpus().join(format!("{plan}.yaml"));
        for (extension, flags) in kinds {
            let mut args = vec!["graph", source.to_str().unwrap()];
            args.extend(flags);
            let picture = host.run(&args).succeeded();
            let file = corpus().join(format!("{plan}.{extension}"));
            if update {
                fs::write(&file, &picture).unwrap();
            } else if fs::read_to_string(&file).unwrap_or_default() != picture {
                differ.push(format!("{plan}.{extension} is now:\n{picture}"));
            }
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[test]
fn a_spec_and_its_dag_look_the_same_from_a_file_a_dash_or_a_pipe() {
    let host = Host::new();
    let spec = fs::read(corpus().join("backup.yaml")).unwrap();
    let typed = host.file("spec.yaml", &spec);
    let first = host.run(&["graph", typed.to_str().unwrap()]).succeeded();
    assert_eq!(host.run_with(&["graph"], &spec).succeeded(), first);
    assert_eq!(host.run_with(&["graph", "-"], &spec).succeeded(), first);
    for format in ["yaml", "json"] {
        let dag = host
            .run_with(&["dagu", "--format", format], &spec)
            .succeeded();
        assert_eq!(host.run_with(&["graph"], dag.as_bytes()).succeeded(), first);
    }
    let made = host
        .run(&["run", "Back up the orders database"])
        .succeeded();
    assert!(
        host.run_with(&["graph"], made.as_bytes())
            .succeeded()
            .contains("steps in")
    );
}

#[test]
fn steps_without_dependencies_are_read_as_a_spec_with_a_word_or_as_a_dag() {
    let host = Host::new();
    let text = b"name: two\nsteps: [{name: one, command: a}, {name: two, command: b}]\n";
    let free = host.run_with(&["graph", "--format", "dot"], text);
    assert!(
        free.stderr.contains("as a DAG, each would wait"),
        "{}",
        free.stderr
    );
    assert!(!free.succeeded().contains("->"));
    let chain = host
        .run_with(&["graph", "--format", "dot", "--dag"], text)
        .succeeded();
    assert!(chain.contains("s1 -> s2"), "{chain}");
}

#[test]
fn what_is_no_plan_is_refused_with_the_code_for_specs() {
    let host = Host::new();
    let cases: [(&[u8], &str); 4] = [
        (
            b"name: x\nsteps: [{name: a, command: b, depends_on: [c]}]",
            "no step of this plan",
        ),
        (
            b"name: x\ntype: graph\nsteps: [{name: a, command: b}]\nenv: [A=1]",
            "`env`",
        ),
        (b"[1, 2", "not valid YAML"),
        (b"", "empty"),
    ];
    for (text, said) in cases {
        let error = host.run_with(&["graph"], text).failed(7);
        assert!(error.contains(said), "{error}");
    }
    let error = host.run(&["graph", "nowhere.yaml"]).failed(2);
    assert!(error.contains("nowhere.yaml"), "{error}");
}

#[test]
fn a_large_plan_is_listed_and_an_svg_of_it_refused_with_a_way_on() {
    let host = Host::new();
    let steps: String = (0..2_000)
        .map(|i| format!("  - {{name: s{i}, command: a}}\n"))
        .collect();
    let text = format!("name: many\ntype: chain\nsteps:\n{steps}");
    let listed = host.run_with(&["graph"], text.as_bytes()).succeeded();
    assert!(listed.contains("2000 ─ s1999 ← s1998"), "{listed}");
    let error = host
        .run_with(&["graph", "--format", "svg"], text.as_bytes())
        .failed(2);
    assert!(
        error.contains("the limit is 1000") && error.contains("--format dot"),
        "{error}"
    );
    let mermaid = host.run_with(&["graph", "--format", "mermaid"], text.as_bytes());
    assert!(
        mermaid.stderr.contains("GitHub does not draw"),
        "{}",
        mermaid.stderr
    );
    assert!(mermaid.succeeded().contains("s1999 --> s2000"));
}

#[test]
fn with_an_output_file_nothing_is_on_stdout() {
    let host = Host::new();
    let source = corpus().join("backup.yaml");
    let args = [
        "graph",
        source.to_str().unwrap(),
        "--format",
        "svg",
        "-o",
        "plan.svg",
    ];
    assert_eq!(host.run(&args).succeeded(), "");
    let svg = fs::read_to_string(host.home().join("plan.svg")).unwrap();
    assert!(
        svg.starts_with("<svg ") && svg.ends_with("</svg>\n"),
        "{svg}"
    );
}

#[test]
fn a_terminal_gets_lines_in_another_shade_and_a_pipe_does_not() {
    let host = Host::new();
    let source = corpus().join("backup.yaml");
    let piped = host.run(&["graph", source.to_str().unwrap()]).succeeded();
    assert!(!piped.contains('\u{1b}'));
    let mut command = host.command();
    command
        .args(["graph", source.to_str().unwrap()])
        .env("TERM", "xterm");
    let mut terminal = Terminal::start(command);
    assert!(terminal.wait().success());
    let shown = String::from_utf8(terminal.transcript()).unwrap();
    assert!(shown.contains("\u{1b}[2m"), "{shown}");
    // Without the escapes it says what the pipe said.
    assert!(
        terminal.screen().contains("│ encrypt │"),
        "{}",
        terminal.screen()
    );
}
