use super::Terminal;
use std::{process::Command, time::Duration};

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

#[test]
fn a_question_is_answered() {
    let mut terminal = Terminal::start(shell("printf 'yes/no? '; read a; echo \"[$a]\"; exit 7"));
    terminal.expect("yes/no?");
    assert!(!terminal.screen().contains("[no]"));
    terminal.type_line("no");
    assert_eq!(terminal.wait().code(), Some(7));
    assert!(
        terminal.screen().contains("yes/no? no\n[no]"),
        "{terminal:?}"
    );
}

#[test]
fn all_three_are_terminals_of_a_known_size() {
    let script = "test -t 0 && test -t 1 && test -t 2 && stty size && echo $TERM && tty";
    let mut terminal = Terminal::start(shell(script));
    assert!(terminal.wait().success());
    let screen = terminal.screen();
    assert!(
        screen.starts_with("100 200\nxterm-256color\n/dev/"),
        "{screen}"
    );
}

#[test]
fn the_terminal_is_the_controlling_one() {
    let mut terminal = Terminal::start(shell("echo hello > /dev/tty"));
    assert!(terminal.wait().success());
    assert_eq!(terminal.screen(), "hello");
}

#[test]
fn standard_output_can_be_a_pipe() {
    let script = "test -t 1 && exit 1; echo seen >&2; echo result; test -t 2";
    let mut terminal = Terminal::start_piped(shell(script));
    let (status, stdout) = terminal.wait_stdout();
    assert!(status.success());
    assert_eq!(stdout, "result\n");
    assert_eq!(terminal.screen(), "seen");
}

#[test]
fn control_c_interrupts() {
    let mut terminal = Terminal::start(shell(
        "trap 'echo caught; exit 130' INT; echo ready; while :; do sleep 0.05; done",
    ));
    terminal.expect("ready");
    terminal.press("\x03");
    assert_eq!(terminal.wait().code(), Some(130));
    assert!(terminal.screen().contains("caught"));
}

#[test]
fn the_end_of_input_ends_it() {
    let mut terminal = Terminal::start(shell("cat; echo done"));
    terminal.type_line("one");
    terminal.expect("one\none");
    terminal.press("\x04");
    assert!(terminal.wait().success());
    assert!(terminal.screen().ends_with("done"));
}

#[test]
fn the_screen_is_what_a_user_sees_and_the_transcript_what_was_written() {
    let script = r"printf 'one\rtwo\033[31m red\033[0m\n'; printf '\033]0;title\007'";
    let mut terminal = Terminal::start(shell(script));
    terminal.wait();
    assert_eq!(terminal.screen(), "two red");
    assert_eq!(
        terminal.transcript(),
        b"one\rtwo\x1b[31m red\x1b[0m\r\n\x1b]0;title\x07"
    );
}

#[test]
fn what_does_not_come_is_said_with_the_screen() {
    let terminal = Terminal::start(shell("echo other; sleep 100"));
    terminal.expect("other");
    let screen = terminal.wait_screen(Duration::from_millis(50), |screen| screen == "this");
    assert_eq!(screen, Err("other".to_owned()));
    let ended = Terminal::start(shell("echo last"));
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| ended.expect("more")));
    let message = panic.unwrap_err();
    assert!(
        message
            .downcast_ref::<String>()
            .unwrap()
            .ends_with("\nlast")
    );
}

#[test]
fn dropping_ends_the_command_and_its_children() {
    let terminal = Terminal::start(shell("trap '' HUP; sleep 1000 & echo pid=$!.; wait"));
    let screen = terminal.expect(".");
    let child = screen.split(['=', '.']).nth(1).unwrap().to_owned();
    drop(terminal);
    // Its parent is gone: whoever adopted it may take a moment to bury it.
    let alive = || {
        let stat = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        !stat.is_empty() && !stat.contains(") Z ")
    };
    let began = std::time::Instant::now();
    while alive() && began.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(!alive());
}
