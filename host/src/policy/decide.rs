//! The policy and its decision.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::address::{AddressClass, classify, enclosing_network};
use super::builder::PolicyBuilder;
use super::denial::{Change, Denial, Fix, MAX_MERGED, Mismatch, Reason};
use super::host::Host;
use super::rule::Rule;
use super::suggest::narrowest;
use super::target::Target;

/// Where a rule comes from, which decides what it may permit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleSource {
    /// Written in `allow`.
    Explicit,
    /// The origin of a URL field, where `allow` is absent. It never permits link-local and metadata addresses.
    Implied {
        /// The field's name.
        field: Box<str>,
    },
    /// Given by `--allow`.
    CommandLine,
}

impl fmt::Display for RuleSource {
    /// For `config explain`: "in `allow`", "by --allow", "implied by `endpoint`".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Explicit => f.write_str("in `allow`"),
            Self::Implied { field } => write!(f, "implied by `{field}`"),
            Self::CommandLine => f.write_str("by --allow"),
        }
    }
}

/// A rule and its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyRule {
    pub(super) rule: Rule,
    pub(super) source: RuleSource,
}

impl PolicyRule {
    /// The rule.
    #[must_use]
    pub const fn rule(&self) -> &Rule {
        &self.rule
    }

    /// Where it comes from.
    #[must_use]
    pub const fn source(&self) -> &RuleSource {
        &self.source
    }
}

/// Where a runner's requests may go. Built once, asked often, never changed.
#[derive(Debug, Clone)]
pub struct Policy {
    pub(super) section: Option<Arc<str>>,
    pub(super) rules: Vec<PolicyRule>,
    pub(super) networks: Vec<IpNet>,
    /// Whether the section has an `allow`, though it may be empty.
    pub(super) has_allow: bool,
}

/// The answer to one request.
pub type Verdict<'p> = Result<Permit<'p>, Box<Denial>>;

/// Which addresses a permitted request may be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addresses {
    /// This one: the host is a literal, and nothing is resolved.
    Literal(IpAddr),
    /// This machine's: the host is `localhost` or below it.
    Loopback,
    /// What the name resolves to, as far as that is public or in the policy's networks.
    Resolved,
}

/// Leave to send one request, once its addresses have passed [`Permit::filter`]. It is bound to the target that it was given for.
#[derive(Debug, Clone, Copy)]
pub struct Permit<'p> {
    policy: &'p Policy,
    target: &'p Target,
    rule: &'p PolicyRule,
    addresses: Addresses,
}

impl Policy {
    /// The policy that permits nothing at all.
    #[must_use]
    pub const fn deny_all() -> Self {
        Self {
            section: None,
            rules: Vec::new(),
            networks: Vec::new(),
            has_allow: false,
        }
    }

    /// Starts a policy.
    #[must_use]
    pub const fn builder() -> PolicyBuilder {
        PolicyBuilder::new()
    }

    /// The rules, in the order in which they were added.
    #[must_use]
    pub fn rules(&self) -> &[PolicyRule] {
        &self.rules
    }

    /// The networks that names may resolve into.
    #[must_use]
    pub fn networks(&self) -> &[IpNet] {
        &self.networks
    }

    /// May this request be sent? Nothing is resolved for the answer; a name's addresses are judged by [`Permit::filter`].
    ///
    /// # Errors
    /// A [`Denial`] that says why not, and what would permit it.
    pub fn decide<'p>(&'p self, target: &'p Target) -> Verdict<'p> {
        let literal = target
            .host()
            .literal()
            .map(|address| (address, classify(address)));
        let mut nearest: Option<(&PolicyRule, Mismatch)> = None;
        let mut implied: Option<&str> = None;
        for rule in &self.rules {
            match (rule.rule.check(target), &rule.source, literal) {
                (Ok(()), RuleSource::Implied { field }, Some((_, class)))
                    if class.needs_explicit_rule() =>
                {
                    implied = Some(field)
                }
                (Ok(()), _, _) => {
                    return Ok(Permit {
                        policy: self,
                        target,
                        rule,
                        addresses: Addresses::of(target.host()),
                    });
                }
                (Err(Mismatch::Host), _, _) => {}
                (Err(mismatch), _, _) if nearest.is_none_or(|(_, best)| mismatch > best) => {
                    nearest = Some((rule, mismatch))
                }
                (Err(_), _, _) => {}
            }
        }
        Err(self.deny_by_rule(target, literal.map(|(_, class)| class), implied, nearest))
    }

    /// Whether a rule is for some request at `target`'s path or below it, by whatever method: what a URL that requests begin with
    /// can be used for. Nothing of addresses is in the answer.
    #[must_use]
    pub fn reaches(&self, target: &Target) -> bool {
        self.rules.iter().any(|rule| rule.rule.reaches(target))
    }

    fn deny_by_rule(
        &self,
        target: &Target,
        class: Option<AddressClass>,
        implied: Option<&str>,
        nearest: Option<(&PolicyRule, Mismatch)>,
    ) -> Box<Denial> {
        let reason = match (class, implied) {
            (Some(class), Some(field)) => Reason::Implied {
                class,
                field: field.into(),
            },
            (Some(class), None) if class != AddressClass::Public && nearest.is_none() => {
                Reason::Literal { class }
            }
            _ => Reason::NoRule {
                nearest: nearest.map(|(rule, mismatch)| (rule.rule.to_string().into(), mismatch)),
            },
        };
        let fix = if class.is_some_and(AddressClass::needs_explicit_rule) {
            None
        } else {
            Some(self.allow_line(target))
        };
        Denial::new(target, self.section.clone(), reason, fix)
    }

    /// The `allow` that would permit `target`, with what it has so far, or what was implied.
    fn allow_line(&self, target: &Target) -> Fix {
        let mine = |rule: &&PolicyRule| rule.source != RuleSource::CommandLine;
        let mut rules: Vec<String> = self
            .rules
            .iter()
            .filter(mine)
            .map(|rule| format!("\"{}\"", rule.rule))
            .collect();
        let rule = narrowest(target);
        let missing = format!("\"{rule}\"");
        let change = match self.has_allow {
            true if rules.len() > MAX_MERGED => Change::Append("allow"),
            true => Change::Replace("allow"),
            false => Change::Add,
        };
        let line = match change {
            Change::Append(_) => format!("- {missing}"),
            Change::Add | Change::Replace(_) => {
                rules.push(missing);
                format!("allow: [{}]", rules.join(", "))
            }
        };
        Fix {
            line,
            change,
            rule: Some(rule),
        }
    }

    /// The `networks` that would let a name resolve to one of `refused`, with those that are there already.
    fn networks_line(&self, refused: &[(IpAddr, AddressClass)]) -> Option<Fix> {
        let (address, _) = refused.iter().find(|(_, class)| class.may_be_listed())?;
        let text = |network: IpNet| match network {
            IpNet::V4(network) => network.to_string(),
            // Unquoted, YAML could take the colons for a mapping.
            IpNet::V6(network) => format!("\"{network}\""),
        };
        let missing = text(enclosing_network(*address));
        let change = match self.networks.len() {
            0 => Change::Add,
            1..=MAX_MERGED => Change::Replace("networks"),
            _ => Change::Append("networks"),
        };
        let line = match change {
            Change::Append(_) => format!("- {missing}"),
            Change::Add | Change::Replace(_) => {
                let all = self.networks.iter().copied().map(text).chain([missing]);
                format!("networks: [{}]", all.collect::<Vec<_>>().join(", "))
            }
        };
        Some(Fix {
            line,
            change,
            rule: None,
        })
    }

    pub(super) fn lists(&self, address: IpAddr, class: AddressClass) -> bool {
        class.may_be_listed() && {
            let plain = address.to_canonical();
            self.networks
                .iter()
                .any(|network| network.contains(&plain) || network.contains(&address))
        }
    }
}

impl Addresses {
    pub(super) fn of(host: &Host) -> Self {
        match host.literal() {
            Some(address) => Self::Literal(address),
            None if host.is_localhost() => Self::Loopback,
            None => Self::Resolved,
        }
    }
}

impl<'p> Permit<'p> {
    /// The rule that permits the request.
    #[must_use]
    pub const fn rule(&self) -> &'p PolicyRule {
        self.rule
    }

    /// The request.
    #[must_use]
    pub const fn target(&self) -> &'p Target {
        self.target
    }

    /// Which addresses may be dialled.
    #[must_use]
    pub const fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Keeps of `answers`, which are what the host resolved to, those that may be dialled, in their order. For a literal host, pass
    /// the address itself. The caller dials exactly these and does not resolve again: the second answer may differ.
    ///
    /// # Errors
    /// A [`Denial`] if none is left: an `Ok` is never empty.
    pub fn filter(&self, answers: &[IpAddr]) -> Result<Vec<IpAddr>, Box<Denial>> {
        let kept: Vec<IpAddr> = answers
            .iter()
            .copied()
            .filter(|address| self.policy.may_dial(self.addresses, *address))
            .collect();
        if kept.is_empty() {
            Err(self.deny_by_address(answers))
        } else {
            Ok(kept)
        }
    }

    fn deny_by_address(&self, answers: &[IpAddr]) -> Box<Denial> {
        let refused: Vec<_> = answers
            .iter()
            .map(|address| (*address, classify(*address)))
            .collect();
        let (reason, fix) = match self.addresses {
            Addresses::Resolved if !refused.is_empty() => {
                let fix = self.policy.networks_line(&refused);
                (Reason::resolved(refused.into_iter()), fix)
            }
            Addresses::Loopback if !refused.is_empty() => (Reason::NotLoopback, None),
            Addresses::Literal(_) | Addresses::Loopback | Addresses::Resolved => {
                (Reason::NoAddress, None)
            }
        };
        Denial::new(self.target, self.policy.section.clone(), reason, fix)
    }
}
