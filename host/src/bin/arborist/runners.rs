//! `arborist runners`: what can be selected, and what is.

use crate::{
    args::{Report, RunnersArgs},
    exit::Failure,
    output, settings,
    talk::Talk,
};
use arborist::{builtin, config::RunnerOrigin, escape::printable};

pub(crate) fn runners(args: &RunnersArgs, talk: &Talk) -> Result<(), Failure> {
    let settings =
        settings::Surroundings::of_process().resolve(&settings::to_look_at(&args.config)?)?;
    settings
        .warnings
        .iter()
        .for_each(|warning| talk.warn(warning));
    talk.done();
    let selected = &settings.runner;
    let why = |name: &str| (name == selected.name).then(|| selected.why.to_string());
    let mut rows: Vec<Row> = builtin::ALL
        .iter()
        .map(|builtin| Row {
            name: builtin.name.to_owned(),
            kind: "built-in",
            about: builtin.about.to_owned(),
            selected: why(builtin.name),
        })
        .collect();
    let sections = settings.file.iter().flat_map(|file| {
        let path = file.path.display().to_string();
        file.sections
            .iter()
            .map(move |section| (section, path.clone()))
    });
    for (section, path) in sections {
        if builtin::find(section).is_none() {
            let about = match &selected.origin {
                RunnerOrigin::File(component) if *section == selected.name => {
                    component.display().to_string()
                }
                _ => format!("a section of {path}"),
            };
            let selected = why(section);
            rows.push(Row {
                name: section.clone(),
                kind: "section",
                about,
                selected,
            });
        }
    }
    match args.format {
        Report::Json => output::print_json(&serde_json::json!(rows)),
        Report::Text => output::print(&rows.iter().map(Row::line).collect::<String>()),
    }
}

#[derive(serde::Serialize)]
struct Row {
    name: String,
    kind: &'static str,
    about: String,
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
        let (name, about) = (printable(&self.name, 60), printable(&self.about, 400));
        format!("{mark} {name:<12} {:<9} {about}{why}\n", self.kind)
    }
}
