//! From what was written to settings: the one place where the order of things is decided.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::bind::Binder;
use super::discover::{Found, discover};
use super::egress::{lay_default_urls, policy, url_fields};
use super::environment::Environment;
use super::expand::Expander;
use super::fault::{Faults, shown};
use super::folders::Folders;
use super::keys::Scope;
use super::laid::Laid;
use super::node::{At, Node};
use super::report::Report;
use super::section::{self, Section, Text};
use super::select::{Choice, Given, check_exists, choose, warn_of_near_section};
use super::settings::{
    ConfigFile, Field, FieldValue, Invocation, RunnerOrigin, Selected, Settings, Source,
};
use super::source::SourceText;
use super::written::{Written, has_component};
use super::{document, flags, overlay, unexpanded};
use crate::builtin;
use crate::policy::Policy;
use crate::route::Route;
use crate::secrets::SecretBinding;

/// Settles every setting: flag, then variable, then file, then default.
///
/// # Errors
/// All that is wrong, at once. No text in it holds a secret or a variable's value.
pub fn resolve(
    invocation: &Invocation,
    environment: &Environment,
    folders: &Folders,
) -> Result<Settings, Faults> {
    resolve_with(invocation, environment, folders, None)
}

/// [`resolve`] with fields laid over the section of the runner that is chosen.
///
/// # Errors
/// As [`resolve`].
pub fn resolve_over(
    invocation: &Invocation,
    environment: &Environment,
    folders: &Folders,
    laid: &Laid,
) -> Result<Settings, Faults> {
    resolve_with(invocation, environment, folders, Some(laid))
}

/// With what is laid over the section, if anything is.
pub(super) fn resolve_with(
    invocation: &Invocation,
    environment: &Environment,
    folders: &Folders,
    laid: Option<&Laid>,
) -> Result<Settings, Faults> {
    let found = discover(
        invocation.config.as_deref(),
        &invocation.folder,
        environment,
        folders,
    )?;
    let base = Base::of(found.as_ref(), &invocation.folder);
    let Read {
        report,
        root,
        text,
        file,
        complete,
    } = read(found);
    if !complete {
        // A text that cannot be read to its end says nothing about the rest.
        return Err(report.into_faults());
    }
    let mut report = report.with_laid(laid.and_then(Laid::source));
    let known: Vec<&str> = builtin::ALL.iter().map(|builtin| builtin.name).collect();
    let written = Written::take_apart(root, &known, &mut report);
    let choice = choose(invocation, environment, &written, &mut report);
    let file = file.map(|(path, named)| ConfigFile {
        path,
        named,
        sections: written.names(|_| true),
        with_component: written.names(has_component),
    });
    let resolver = Resolver {
        invocation,
        environment,
        folders,
        base,
        laid,
        report,
        sources: BTreeMap::new(),
    };
    resolver.settings(written, &choice, file, text)
}

/// A file as far as YAML goes.
struct Read {
    report: Report,
    root: Option<Node>,
    text: Option<Arc<SourceText>>,
    /// Path, and whether it was named.
    file: Option<(PathBuf, bool)>,
    complete: bool,
}

fn read(found: Option<Found>) -> Read {
    let Some(found) = found else {
        return Read {
            report: Report::default(),
            root: None,
            text: None,
            file: None,
            complete: true,
        };
    };
    let document = document::read(&found.text);
    let source = Arc::new(SourceText::new(found.path.clone(), found.text, &document));
    let mut report = Report::new(Some(source.clone()));
    for problem in document.problems {
        report.fault(
            &problem.at,
            problem.message,
            problem.help.map(str::to_owned),
        );
    }
    let file = Some((found.path, found.named));
    Read {
        report,
        root: document.root,
        text: Some(source),
        file,
        complete: document.complete,
    }
}

/// Where relative paths start.
pub(super) struct Base {
    /// The folder of the file.
    pub(super) file: PathBuf,
    /// The current folder.
    pub(super) current: PathBuf,
    /// Whether the file was found, so that its paths stay beneath its folder.
    pub(super) stranger: bool,
}

impl Base {
    fn of(found: Option<&Found>, current: &Path) -> Self {
        let file = found.map_or_else(|| current.to_path_buf(), |found| found.folder.clone());
        Self {
            file,
            current: current.to_path_buf(),
            stranger: found.is_some_and(|found| !found.named),
        }
    }
}

pub(super) struct Resolver<'a> {
    pub(super) invocation: &'a Invocation,
    pub(super) environment: &'a Environment,
    pub(super) folders: &'a Folders,
    pub(super) base: Base,
    pub(super) laid: Option<&'a Laid>,
    pub(super) report: Report,
    pub(super) sources: BTreeMap<String, Source>,
}

/// The runner's fields, and where they and its requests may go.
struct Egress {
    policy: Policy,
    binder: Binder,
    fields: Vec<Field>,
    secrets: Vec<SecretBinding>,
}

impl Resolver<'_> {
    fn settings(
        mut self,
        written: Written,
        choice: &Choice,
        file: Option<ConfigFile>,
        text: Option<Arc<SourceText>>,
    ) -> Result<Settings, Faults> {
        let mut section = self.section(&written, choice);
        let runner = self.runner(&written, choice, section.component.as_ref());
        if runner.origin == RunnerOrigin::Builtin
            && let Some(builtin) = builtin::find(&runner.name)
        {
            lay_default_urls(builtin.urls, &mut section.own);
        }
        let Egress {
            policy,
            binder,
            fields,
            secrets,
        } = self.egress(&choice.name, &mut section);
        let limits = self.limits(&section);
        let timeouts = self.timeouts(written.timeouts);
        let models = self.models(written.models, &section.models);
        let cache = self.cache(section.cache.as_ref());
        let engine = self.engine(written.engine);
        let audit = self.audit(written.audit.as_ref());
        let (ca, authorities) = self.authorities(section.ca.as_ref()).unzip();
        let route = Route {
            proxy: self.noted("proxy", section.proxy),
            authorities,
        };
        let retry = self.noted("retry", section.retry);
        let rate_limit = self.noted("rate_limit", section.rate_limit);
        let from_file = |(_, at): &Text| matches!(at, At::File(_));
        let allow_from_file = section
            .allow
            .is_some_and(|rules| rules.iter().any(from_file));
        let laid = self.laid.and_then(Laid::source);
        let (sources, warnings) = (self.sources, self.report.finish()?);
        Ok(Settings {
            file,
            runner,
            fields,
            policy,
            limits,
            timeouts,
            secrets,
            models,
            retry,
            rate_limit,
            cache,
            engine,
            audit,
            ca,
            route,
            warnings,
            sources,
            text,
            binder,
            allow_from_file,
            laid,
        })
    }

    fn runner(&mut self, written: &Written, choice: &Choice, component: Option<&Text>) -> Selected {
        let sections = &written.sections;
        let section_used = choice.lent && sections.iter().any(|(key, _)| key.text == choice.name);
        let component = self.component(component);
        let given = match (&component, &self.invocation.component) {
            (Some(_), Some(_)) => Given::ByFlag,
            (Some(_), None) => Given::InSection,
            (None, _) => Given::Nowhere,
        };
        let variables = overlay::sets_any(&choice.name, self.environment);
        check_exists(choice, sections, given, variables, &mut self.report);
        if choice.lent && component.is_none() {
            warn_of_near_section(choice, sections, &mut self.report);
        }
        let why = choice
            .at
            .as_ref()
            .map_or(Source::Default, |at| Source::of(at, &self.report));
        let origin = component.map_or(RunnerOrigin::Builtin, RunnerOrigin::File);
        Selected {
            name: choice.name.clone(),
            why,
            origin,
            section_used,
        }
    }

    fn egress(&mut self, name: &str, section: &mut Section) -> Egress {
        let report = &mut self.report;
        let mut binder = Binder::new(&section.secrets, &section.expose, &section.own, report)
            .unsent(self.invocation.replay);
        let hidden = |own: &section::Own| {
            binder.is_secret(&own.name, &own.value) && !binder.is_exposed(&own.name)
        };
        let urls = url_fields(&section.own, section.allow.is_none(), hidden, report);
        let policy = policy(name, section, &urls, &self.invocation.allow, report);
        let origins: Vec<_> = urls.into_iter().map(|url| (url.name, url.origin)).collect();
        binder.set_origins(&origins, &policy);
        let mut own = std::mem::take(&mut section.own);
        own.retain(|own| {
            let is_secret = binder.is_secret(&own.name, &own.value);
            unexpanded::check(own, is_secret, self.environment, report)
        });
        let fields: Vec<Field> = own
            .into_iter()
            .filter_map(|own| binder.field(own, report))
            .collect();
        for (name, at) in &section.expose {
            let plain = |field: &&Field| matches!(field.value, FieldValue::Plain(_));
            if fields.iter().filter(plain).any(|field| field.name == *name) {
                report.warn(
                    Some(at),
                    format!("`expose` lists `{}`, which is no secret", shown(name)),
                );
            }
        }
        let secret = fields
            .iter()
            .filter(|field| matches!(field.value, FieldValue::Secret(_)));
        let secrets = secret.map(|field| binder.bind(field, report)).collect();
        Egress {
            policy,
            binder,
            fields,
            secrets,
        }
    }

    /// The section that the runner gets, variables and flags laid over it.
    fn section(&mut self, written: &Written, choice: &Choice) -> Section {
        let own = written
            .sections
            .iter()
            .find(|(key, _)| choice.lent && key.text == choice.name);
        let mut node = own.map_or_else(
            || Node::empty_map(At::Flag("--set")),
            |(_, node)| node.clone(),
        );
        if choice.lent {
            overlay::variables(
                &mut node,
                &choice.name,
                Scope::Section,
                self.environment,
                &mut self.report,
            );
        }
        flags::lay_over(
            &mut node,
            self.invocation,
            self.environment,
            &mut self.report,
        );
        if let Some(laid) = self.laid {
            laid.over(&mut node);
        }
        let mut expander = Expander::new(self.environment, self.invocation.replay);
        Section::read(node, &mut expander, self.base.stranger, &mut self.report)
    }

    pub(super) fn noted<T>(&mut self, key: &str, setting: Option<(T, At)>) -> Option<T> {
        let (value, at) = setting?;
        self.note(key, Some(&at));
        Some(value)
    }

    pub(super) fn note(&mut self, key: &str, at: Option<&At>) {
        if let Some(at) = at {
            let source = Source::of(at, &self.report);
            self.sources.insert(shown(key), source);
        }
    }
}
