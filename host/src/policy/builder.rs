//! Builds a policy from the texts of a configuration, and finds all their faults at once.

use std::fmt;
use std::sync::Arc;

use ipnet::IpNet;

use super::address::{AddressClass, classify};
use super::decide::{Policy, PolicyRule, RuleSource};
use super::rule::Rule;
use super::rule_error::RuleError;
use super::target::{InvalidTarget, Target};

/// Most rules, and most networks, of one policy. Every request is compared with each.
const MAX_ENTRIES: usize = 256;

/// Where in the configuration a fault is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The entry of `allow` with this index, from 0.
    Allow(usize),
    /// The `--allow` with this index, from 0.
    CommandLine(usize),
    /// The URL field of this name.
    Field(Box<str>),
    /// The entry of `networks` with this index, from 0.
    Network(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allow(index) => write!(f, "allow[{index}]"),
            Self::CommandLine(index) => write!(f, "--allow number {}", index + 1),
            Self::Field(name) => f.write_str(name),
            Self::Network(index) => write!(f, "networks[{index}]"),
        }
    }
}

/// What is wrong there. The text at fault is not in it: it may be a misplaced secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The rule is malformed.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// The rule means the same as an earlier one.
    #[error("this rule means the same as {0}; remove one of the two")]
    Duplicate(Place),
    /// The field's URL is none that a request could have.
    #[error(transparent)]
    Url(#[from] InvalidTarget),
    /// The network is malformed.
    #[error("a network is ADDRESS/BITS, such as 10.0.0.0/8 or fd00::/8")]
    Network,
    /// The network's address has bits below its prefix.
    #[error("the address has bits below the prefix; write {0}")]
    NetworkBits(IpNet),
    /// The network holds only addresses that no name may resolve to.
    #[error(
        "names never resolve to {0} addresses; where one is meant, name it in `allow`, as in http://192.0.2.1"
    )]
    NeverListed(AddressClass),
    /// More than [`MAX_ENTRIES`] entries.
    #[error("more than {MAX_ENTRIES} entries")]
    TooMany,
}

/// One fault and its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {fault}")]
pub struct PolicyError {
    /// Where.
    pub place: Place,
    /// What.
    pub fault: Fault,
}

/// All faults of a policy, in the order in which the entries were added; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyErrors(Vec<PolicyError>);

impl PolicyErrors {
    /// The faults.
    #[must_use]
    pub fn as_slice(&self) -> &[PolicyError] {
        &self.0
    }
}

impl fmt::Display for PolicyErrors {
    /// One line a fault.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, error) in self.0.iter().enumerate() {
            write!(f, "{}{error}", if at == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl std::error::Error for PolicyErrors {}

/// Collects rules and networks. Every entry is looked at, also after a fault.
#[derive(Debug)]
pub struct PolicyBuilder {
    policy: Policy,
    /// Where each rule of the policy stands.
    places: Vec<Place>,
    errors: Vec<PolicyError>,
    allowed: usize,
    on_command_line: usize,
    listed: usize,
}

impl PolicyBuilder {
    pub(super) const fn new() -> Self {
        Self {
            policy: Policy::deny_all(),
            places: Vec::new(),
            errors: Vec::new(),
            allowed: 0,
            on_command_line: 0,
            listed: 0,
        }
    }

    /// Names the configuration section, for messages such as "no rule of `custom.allow` permits".
    #[must_use]
    pub fn section(mut self, name: &str) -> Self {
        self.policy.section = Some(Arc::from(name));
        self
    }

    /// Says that the section has an `allow`, also where it has no entries.
    #[must_use]
    pub const fn with_allow(mut self) -> Self {
        self.policy.has_allow = true;
        self
    }

    /// Adds the next entry of `allow`. Two entries that mean the same are a fault.
    #[must_use]
    pub fn allow(mut self, rule: &str) -> Self {
        let place = Place::Allow(self.allowed);
        self.allowed += 1;
        self.policy.has_allow = true;
        match rule.parse() {
            Ok(rule) => self.push(place, rule, RuleSource::Explicit),
            Err(error) => self.fault(place, Fault::Rule(error)),
        }
        self
    }

    /// Adds the rule of the next `--allow`. One that the configuration has already is no fault.
    #[must_use]
    pub fn allow_on_command_line(mut self, rule: &str) -> Self {
        let place = Place::CommandLine(self.on_command_line);
        self.on_command_line += 1;
        match rule.parse() {
            Ok(rule) => self.push(place, rule, RuleSource::CommandLine),
            Err(error) => self.fault(place, Fault::Rule(error)),
        }
        self
    }

    /// Adds the rule that a URL field implies: its whole origin, whatever path the URL has. Several fields may share one.
    #[must_use]
    pub fn implied(mut self, field: &str, url: &str) -> Self {
        match Target::parse("GET", url) {
            Ok(target) => {
                let rule = Rule::for_origin(target.into_origin());
                self.push(
                    Place::Field(field.into()),
                    rule,
                    RuleSource::Implied {
                        field: field.into(),
                    },
                );
            }
            Err(error) => self.fault(Place::Field(field.into()), Fault::Url(error)),
        }
        self
    }

    /// Adds the next entry of `networks`.
    #[must_use]
    pub fn network(mut self, text: &str) -> Self {
        let place = Place::Network(self.listed);
        self.listed += 1;
        match parse_network(text) {
            Ok(_) if self.policy.networks.len() >= MAX_ENTRIES => self.fault(place, Fault::TooMany),
            Ok(network) => self.policy.networks.push(network),
            Err(fault) => self.fault(place, fault),
        }
        self
    }

    /// The policy.
    ///
    /// # Errors
    /// All faults of all entries.
    pub fn build(self) -> Result<Policy, PolicyErrors> {
        if self.errors.is_empty() {
            Ok(self.policy)
        } else {
            Err(PolicyErrors(self.errors))
        }
    }

    fn fault(&mut self, place: Place, fault: Fault) {
        // A list that is far too long is one fault, not a fault an entry.
        if fault != Fault::TooMany
            || self
                .errors
                .last()
                .is_none_or(|last| last.fault != Fault::TooMany)
        {
            self.errors.push(PolicyError { place, fault });
        }
    }

    fn push(&mut self, place: Place, rule: Rule, source: RuleSource) {
        let mut same = self
            .policy
            .rules
            .iter()
            .zip(&self.places)
            .filter(|(earlier, _)| earlier.rule == rule);
        let earlier = match source {
            RuleSource::Explicit => {
                same.find(|(earlier, _)| earlier.source == RuleSource::Explicit)
            }
            // An implied rule permits less than one that somebody wrote, so it does not stand in for it.
            RuleSource::CommandLine => {
                same.find(|(earlier, _)| !matches!(earlier.source, RuleSource::Implied { .. }))
            }
            RuleSource::Implied { .. } => same.next(),
        };
        match (earlier.map(|(_, first)| first.clone()), &source) {
            (Some(first), RuleSource::Explicit) => self.fault(place, Fault::Duplicate(first)),
            (Some(_), RuleSource::Implied { .. } | RuleSource::CommandLine) => {}
            (None, _) if self.policy.rules.len() >= MAX_ENTRIES => {
                self.fault(place, Fault::TooMany)
            }
            (None, _) => {
                self.policy.rules.push(PolicyRule { rule, source });
                self.places.push(place);
            }
        }
    }
}

fn parse_network(text: &str) -> Result<IpNet, Fault> {
    let network: IpNet = text.parse().map_err(|_| Fault::Network)?;
    // IPv4 has one spelling here too; IPv6 has many honest ones.
    if matches!(network, IpNet::V4(_)) && network.to_string() != text {
        return Err(Fault::Network);
    }
    if network.trunc() != network {
        return Err(Fault::NetworkBits(network.trunc()));
    }
    let (first, last) = (classify(network.network()), classify(network.broadcast()));
    if first == last && !first.may_be_listed() {
        Err(Fault::NeverListed(first))
    } else {
        Ok(network)
    }
}
