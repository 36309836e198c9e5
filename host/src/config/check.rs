//! Holds the settings against what the runner says that it reads.

use super::fault::{Faults, shown, shown_path};
use super::keys::nearest;
use super::overlay::variable_for;
use super::report::Report;
use super::settings::{Field, FieldValue, Settings, Source};
use crate::secrets::MIN_SECRET_BYTES;

/// Most fields that one warning names.
const MAX_UNREAD: usize = 8;

/// A field as the runner's `describe` declares it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldInfo {
    /// Its name; nested keys joined with a dot.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whether the runner cannot work without it.
    pub required: bool,
    /// Whether it is a secret. That a field is none is not taken from here.
    pub secret: bool,
    /// What the runner takes where the field is absent.
    pub default: Option<String>,
}

impl Settings {
    /// The settings as the runner's `describe` completes them: fields that it marks become secrets, with
    /// the bindings that secrets have by default.
    ///
    /// # Errors
    /// Required fields without a value, fields that are most likely slips of declared ones, and marked
    /// secrets that are too short or stand in the process list.
    pub fn check(mut self, declared: &[FieldInfo]) -> Result<Self, Faults> {
        let mut report = Report::new(self.text.clone()).with_laid(self.laid.clone());
        for info in declared.iter().filter(|info| info.secret) {
            self.mark(&info.name, &mut report);
        }
        self.slips(declared, &mut report);
        for info in declared
            .iter()
            .filter(|info| info.required && info.default.is_none())
        {
            self.require(info, declared, &mut report);
        }
        let order: Vec<&str> = self
            .fields
            .iter()
            .map(|field| field.name.as_str())
            .collect();
        self.secrets
            .sort_by_key(|binding| order.iter().position(|name| *name == binding.field));
        self.warnings.extend(report.finish()?);
        Ok(self)
    }

    /// Makes the field a secret, and with `name` a map or list everything in it.
    fn mark(&mut self, name: &str, report: &mut Report) {
        for field in &mut self.fields {
            let below = field
                .name
                .strip_prefix(name)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
            let FieldValue::Plain(value) = &field.value else {
                continue;
            };
            if !below || field.no_string || value.is_empty() {
                continue;
            }
            let shown_name = shown(&field.name);
            if field.source == Source::Flag("--set") {
                let help = format!(
                    "give the name of a variable that holds it: --set-env {shown_name}=VARIABLE"
                );
                report.fault(&field.at, format!("the runner says that `{shown_name}` is a secret, and here everybody could read it in the list of processes"), help);
            } else if let Some(secret) = self
                .binder
                .secret(value.clone(), !field.variables.is_empty())
            {
                field.value = FieldValue::Secret(secret);
                self.secrets.push(self.binder.bind(field, report));
            } else {
                let message = format!(
                    "the runner says that `{shown_name}` is a secret, and a secret has at least {MIN_SECRET_BYTES} bytes"
                );
                let help = field
                    .variables
                    .first()
                    .map(|variable| format!("check the variable `{}`", shown(variable)));
                report.fault(&field.at, message, help);
            }
        }
    }

    /// Fields that the runner does not know but that look like one that it does.
    fn slips(&self, declared: &[FieldInfo], report: &mut Report) {
        let mut unread = Vec::new();
        for field in &self.fields {
            if declared.iter().any(|info| covers(info, field)) {
                continue;
            }
            let Some(near) = nearest(&field.name, declared.iter().map(|info| info.name.as_str()))
            else {
                unread.push(field);
                continue;
            };
            let given = self.fields.iter().any(|field| field.name == near);
            let message = format!("the runner has no field `{}`", shown(&field.name));
            if given {
                report.warn(Some(&field.key), message);
            } else {
                report.fault(
                    &field.key,
                    message,
                    format!("did you mean `{}`?", shown(near)),
                );
            }
        }
        warn_of_unread(&unread, report);
    }

    fn require(&self, info: &FieldInfo, declared: &[FieldInfo], report: &mut Report) {
        let has_value = |field: &Field| match &field.value {
            FieldValue::Plain(text) => {
                let null = matches!(text.as_str(), "~" | "null" | "Null" | "NULL");
                !(text.is_empty() || field.no_string && null)
            }
            FieldValue::Secret(_) => true,
        };
        if self
            .fields
            .iter()
            .any(|field| covers(info, field) && has_value(field))
        {
            return;
        }
        // A slip for it has been told, with its name.
        let slip = |field: &Field| {
            !declared.iter().any(|info| covers(info, field))
                && nearest(&field.name, declared.iter().map(|info| info.name.as_str()))
                    == Some(info.name.as_str())
        };
        if self.fields.iter().any(slip) {
            return;
        }
        let (name, section) = (shown(&info.name), shown(&self.runner.name));
        let about = if info.description.is_empty() {
            String::new()
        } else {
            format!(" ({})", crate::escape::printable(&info.description, 120))
        };
        let message = format!("the runner `{section}` needs the field `{name}`{about}");
        let file = self.file.as_ref().map_or_else(
            || super::FILE_NAME.to_owned(),
            |file| shown_path(&file.path),
        );
        let flag = if info.secret || crate::secrets::is_secret_name(&info.name) {
            format!("--set-env {name}=VARIABLE")
        } else {
            format!("--set {name}=VALUE")
        };
        let mut ways = vec![flag];
        if self.runner.section_used || self.runner.why != Source::Flag("--component") {
            ways.push(format!(
                "set the variable {}",
                variable_for(&self.runner.name, &info.name)
            ));
            ways.push(format!("write `{name}: …` below `{section}:` in {file}"));
        }
        report.fault_anywhere(message, ways.join(", or "));
    }
}

/// A field that nobody reads has no effect, which whoever wrote it should hear once.
fn warn_of_unread(unread: &[&Field], report: &mut Report) {
    let Some(first) = unread.first() else {
        return;
    };
    let mut names: Vec<String> = unread
        .iter()
        .take(MAX_UNREAD)
        .map(|field| format!("`{}`", shown(&field.name)))
        .collect();
    let more = unread.len() - names.len();
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    let message = format!(
        "the runner does not read {}; `arborist inspect` lists what it reads",
        names.join(", ")
    );
    report.warn(Some(&first.key), message);
}

/// Whether the field is the declared one, or in the map or list of that name.
fn covers(info: &FieldInfo, field: &Field) -> bool {
    field
        .name
        .strip_prefix(info.name.as_str())
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
