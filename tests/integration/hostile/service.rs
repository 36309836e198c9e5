//! How the service of a case answers.

use super::fill::Fill;
use arborist_tests::service::{Answer, Behaviour, Echo, Encoding, Hostile, Identity, Redirect};
use serde::Deserialize;
use std::{collections::BTreeMap, fs, path::Path, time::Duration};

/// How a service answers: a key that names the kind, and what that takes. Texts are filled.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) enum Service {
    /// Text with status 200.
    Text(String),
    /// Any well-formed answer.
    Answer {
        status: u16,
        #[serde(default)]
        headers: Vec<(String, String)>,
        #[serde(default)]
        body: String,
    },
    /// One of `Hostile::all`, by its name, or `tls-1.0`.
    Hostile(String),
    /// Shows the request; `split` is the size of the chunks.
    Echo {
        encoding: String,
        #[serde(default = "ok")]
        status: u16,
        split: Option<usize>,
    },
    /// A redirect.
    Redirect { status: u16, to: String },
    /// So many redirects, then `arrived`.
    RedirectChain { status: u16, hops: usize },
    /// Redirects to itself.
    RedirectLoop(u16),
    /// These bytes, then the end.
    Raw(String),
    /// The bytes of a file of the case's folder, then the end.
    File(String),
    /// One after the other; the last again and again.
    Sequence(Vec<Service>),
    /// By path; any other is a 404.
    ByPath(BTreeMap<String, Service>),
    /// Over TLS, with a certificate that `{ca}` signed or should have; see `Identity`.
    Tls {
        identity: String,
        then: Box<Service>,
    },
}

fn ok() -> u16 {
    200
}

impl Service {
    /// The certificate of a service over TLS, by its name.
    pub(crate) fn identity(&self) -> Option<Identity> {
        let Self::Tls { identity, .. } = self else {
            return None;
        };
        Some(match identity.as_str() {
            "right" => Identity::Right,
            "wrong-name" => Identity::WrongName,
            "expired" => Identity::Expired,
            "not-yet-valid" => Identity::NotYetValid,
            "self-signed" => Identity::SelfSigned,
            "other-authority" => Identity::OtherAuthority,
            "not-an-authority" => Identity::NotAnAuthority,
            "huge-chain" => Identity::HugeChain(10_000),
            other => panic!("no certificate is called {other}"),
        })
    }

    /// The name of its hostile answer, if it has one.
    pub(crate) fn hostile(&self, with: &BTreeMap<String, String>) -> Option<String> {
        let Self::Hostile(name) = self else {
            return None;
        };
        let mut fill = Fill::default();
        with.iter().for_each(|(word, text)| fill.set(word, text));
        Some(fill.text(name))
    }

    /// What the service does.
    pub(crate) fn behaviour(&self, folder: &Path, fill: &Fill) -> Behaviour {
        let of = |service: &Self| service.behaviour(folder, fill);
        match self {
            Self::Text(text) => Behaviour::text(200, fill.text(text)),
            Self::Answer {
                status,
                headers,
                body,
            } => {
                let add = |answer: Answer, (name, value): &(String, String)| {
                    answer.header(name, fill.text(value))
                };
                let answer = headers.iter().fold(Answer::new(*status), add);
                answer.body(fill.text(body)).into()
            }
            Self::Hostile(name) => hostile(&fill.text(name)).into(),
            Self::Echo {
                encoding: name,
                status,
                split,
            } => {
                let echo = Echo::new()
                    .status(*status)
                    .encoding(encoding(&fill.text(name)));
                match split {
                    // A pause, so that the pieces arrive apart.
                    Some(size) => echo.split(*size, Duration::from_millis(1)).into(),
                    None => echo.into(),
                }
            }
            Self::Redirect { status, to } => Redirect::to(*status, fill.text(to)).into(),
            Self::RedirectChain { status, hops } => {
                Behaviour::redirect_chain(*status, *hops, Behaviour::text(200, "arrived"))
            }
            Self::RedirectLoop(status) => Behaviour::redirect_loop(*status),
            Self::Raw(text) => Behaviour::raw(fill.text(text)),
            Self::File(name) => Behaviour::raw(fs::read(folder.join(name)).expect("the file")),
            Self::Sequence(services) => Behaviour::sequence(services.iter().map(of)),
            Self::ByPath(paths) => {
                Behaviour::by_path(paths.iter().map(|(path, it)| (path.as_str(), of(it))))
            }
            Self::Tls { then, .. } => of(then),
        }
    }
}

fn hostile(name: &str) -> Hostile {
    if name == "tls-1.0" {
        return Hostile::Tls10;
    }
    let mut all = Hostile::all().into_iter();
    let found = all.find(|(known, _)| known == name);
    found
        .unwrap_or_else(|| panic!("no hostile answer is called {name:?}"))
        .1
}

fn encoding(name: &str) -> Encoding {
    let named =
        |encoding: &Encoding| format!("{encoding:?}").eq_ignore_ascii_case(&name.replace('-', ""));
    let found = Encoding::ALL.into_iter().find(named);
    found.unwrap_or_else(|| panic!("no encoding is called {name:?}"))
}
