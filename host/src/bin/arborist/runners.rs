//! `arborist runners`: what can be selected, and what is.

use crate::{
    args::{Report, RunnersArgs},
    exit::{Exit, Failure},
    output,
    select::Selected,
};
use arborist::{builtin, config::Environment};

pub(crate) fn runners(args: &RunnersArgs) -> Result<(), Failure> {
    let environment = Environment::of_process();
    let selected = Selected::choose(None, None, environment.get("AGENT_ARBORIST_RUNNER"))?;
    let rows = builtin::ALL.map(|builtin| Row {
        name: builtin.name,
        kind: "built-in",
        about: builtin.about,
        selected: (builtin.name == selected.name).then(|| selected.why.clone()),
    });
    let text = match args.format {
        Report::Json => serde_json::to_string_pretty(&rows)
            .map_err(|error| Failure::new(Exit::Internal, error))?,
        Report::Text => rows.iter().map(Row::line).collect::<Vec<_>>().join("\n"),
    };
    output::print(&format!("{text}\n"))
}

#[derive(serde::Serialize)]
struct Row {
    name: &'static str,
    kind: &'static str,
    about: &'static str,
    /// Why it is selected, if it is.
    selected: Option<String>,
}

impl Row {
    fn line(&self) -> String {
        let mark = if self.selected.is_some() { "*" } else { " " };
        let why = self
            .selected
            .as_ref()
            .map(|why| format!(" (selected: {why})"))
            .unwrap_or_default();
        format!(
            "{mark} {:<12} {:<9} {}{why}",
            self.name, self.kind, self.about
        )
    }
}
