//! What the gateway would say to one request, as `arborist config explain --request` tells it.

use super::explain::source_of_rule;
use super::settings::Settings;
use crate::escape::printable;
use crate::policy::{Addresses, Denial, InvalidTarget, Permit, Target};
use crate::secrets::SecretBinding;

/// The decision on a request that nobody sends. Its texts are safe to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Method and canonical URL, without the query.
    pub request: String,
    /// What is decided.
    pub decision: Result<Permitted, Refused>,
}

/// Why a request may be sent, and what still stands in its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permitted {
    /// The rule that permits it.
    pub rule: String,
    /// Where the rule comes from, in words.
    pub source: String,
    /// Whether each secret may go along, a sentence each.
    pub secrets: Vec<String>,
    /// What is judged only when the request is sent, and how it goes, a sentence each.
    pub later: Vec<String>,
}

/// Why a request may not be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The reason, in one line.
    pub reason: String,
    /// A short, stable word for the reason.
    pub code: &'static str,
    /// The line of the runner's section that would permit it, where one would.
    pub fix: Option<String>,
    /// The same with where it is written, in words that go on after "to allow it, ".
    pub advice: Option<String>,
    /// What would permit it on the command line, where that would.
    pub flag: Option<String>,
}

impl Settings {
    /// Decides on `request`, which is `[METHOD ]URL` and GET without a method, by the gateway's own parser and policy. Opens
    /// nothing and looks nothing up.
    ///
    /// # Errors
    /// No such request can be sent at all. The text is not in the error.
    pub fn judge(&self, request: &str) -> Result<Verdict, InvalidTarget> {
        let (method, url) = request.split_once(' ').unwrap_or(("GET", request));
        let target = Target::parse(method, url)?;
        let decision = match self.policy.decide(&target) {
            Ok(permit) => Ok(self.permitted(&permit)),
            Err(denial) => Err(Refused::of(&denial)),
        };
        Ok(Verdict {
            request: printable(&target.to_string(), 500).into_owned(),
            decision,
        })
    }

    fn permitted(&self, permit: &Permit<'_>) -> Permitted {
        let target = permit.target();
        let secrets = self.secrets.iter();
        let mut later = Vec::new();
        match permit.addresses() {
            Addresses::Literal(_) => {}
            Addresses::Loopback => {
                later.push("only addresses of this machine are dialled".to_owned());
            }
            Addresses::Resolved => later.push(format!(
                "nothing was looked up for this answer: the addresses of {} are judged when a request is sent, and only public ones{} are dialled",
                target.host(),
                if self.policy.networks().is_empty() { "" } else { " and those in `networks`" }
            )),
        }
        later.push("a redirect is a request of its own and is decided anew".to_owned());
        if let Some(proxy) = self.route.proxy_for(permit) {
            later.push(format!("the request goes through the proxy {proxy}"));
            if permit.addresses() == Addresses::Resolved {
                later.push(
                    "a name that this machine cannot resolve is left to the proxy to resolve and to judge"
                        .to_owned(),
                );
            }
        }
        Permitted {
            rule: permit.rule().rule().to_string(),
            source: source_of_rule(permit.rule()),
            secrets: secrets.map(|binding| secret(binding, target)).collect(),
            later,
        }
    }
}

fn secret(binding: &SecretBinding, target: &Target) -> String {
    let name = printable(&binding.field, 60);
    if binding.exposed {
        format!("`{name}` is given to the runner itself, which may put it anywhere")
    } else if binding.to.contains(target.origin()) {
        format!("`{name}` may go along, in: {}", binding.places)
    } else {
        format!("`{name}` may not: a request that carries it there is denied")
    }
}

impl Refused {
    fn of(denial: &Denial) -> Self {
        Self {
            reason: denial.request().to_string(),
            code: denial.reason().code(),
            fix: denial.fix().map(str::to_owned),
            advice: denial.advice(),
            flag: denial.flag(),
        }
    }
}
