//! `arborist graph`: a task spec or a DAG goes in, a picture of it comes out.

use crate::{
    args::{GraphArgs, Picture},
    exit::{Exit, Failure},
    output::{self, Staged},
    talk::Talk,
};
use arborist::{
    picture::{self, Plan, Style},
    spec::{Document, limits::MAX_DAG_BYTES},
};
use std::{
    io::{self, IsTerminal as _},
    path::Path,
};

/// Columns where nobody says how many there are.
const WIDTH: usize = 80;
/// What GitHub draws of Mermaid at most: dependencies, and characters.
const GITHUB: (usize, usize) = (500, 50_000);

pub(crate) async fn graph(args: GraphArgs, talk: &Talk) -> Result<(), Failure> {
    let text = read(args.plan.as_deref()).await?;
    let document = if args.dag {
        Document::parse_dag(&text)
    } else {
        Document::parse(&text)
    };
    let document = document.map_err(|error| {
        Failure::new(
            Exit::Spec,
            format!("this is no valid task spec or DAG:\n{error}"),
        )
    })?;
    document
        .warnings
        .iter()
        .for_each(|warning| talk.warn(warning));
    let plan = Plan::from(&document.value);
    let text = match args.format {
        Picture::Text => picture::terminal(&plan, &style(&args)),
        Picture::Mermaid => {
            let text = picture::mermaid(&plan);
            if plan.dependencies() > GITHUB.0 || text.len() > GITHUB.1 {
                talk.warn("GitHub does not draw Mermaid of more than 500 dependencies or 50,000 characters; `--format svg` has more room");
            }
            text
        }
        Picture::Dot => picture::dot(&plan),
        Picture::Svg => picture::svg(&plan).map_err(|error| Failure::new(Exit::Usage, error))?,
    };
    talk.done();
    Staged::new(args.output.as_deref(), text)?.deliver().await
}

fn style(args: &GraphArgs) -> Style {
    let stdout = io::stdout();
    let shown = args
        .output
        .as_deref()
        .is_none_or(|path| path == Path::new("-"));
    let terminal = shown && stdout.is_terminal();
    let colour = terminal && anstream::AutoStream::choice(&stdout) != anstream::ColorChoice::Never;
    Style {
        width: args
            .width
            .or_else(|| columns().filter(|_| terminal))
            .unwrap_or(WIDTH),
        ascii: args.ascii,
        colour,
    }
}

#[cfg(unix)]
fn columns() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

#[cfg(not(unix))]
fn columns() -> Option<usize> {
    None
}

async fn read(plan: Option<&Path>) -> Result<String, Failure> {
    let what = "a task spec or DAG";
    match plan {
        Some(path) if path != Path::new("-") => output::read_file(path, what, MAX_DAG_BYTES).await,
        None if io::stdin().is_terminal() => Err(Failure::new(
            Exit::Usage,
            "there is nothing to draw\n  help: name the file of a task spec or DAG, or pipe it in: arborist run \"…\" | arborist graph",
        )),
        _ => output::read_stdin(what, MAX_DAG_BYTES).await,
    }
}
