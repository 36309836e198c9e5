//! Holds the URLs of a section against its rules.

use super::egress::{is_url, is_url_name};
use super::fault::{Warning, shown};
use super::report::Report;
use super::settings::{FieldValue, Settings};
use crate::policy::{Reason, Target};

impl Settings {
    /// The URL fields that no rule is for, neither at their path nor below it, whatever the method: the runner's requests there would
    /// be denied. Each with the reason and what would permit a POST to it.
    #[must_use]
    pub fn unreached(&self) -> Vec<Warning> {
        let mut report = Report::new(self.text.clone()).with_laid(self.laid.clone());
        for field in self.fields.iter().filter(|field| is_url_name(&field.name)) {
            let FieldValue::Plain(url) = &field.value else {
                continue;
            };
            if !is_url(url) {
                continue;
            }
            let Ok(target) = Target::parse("POST", url) else {
                continue;
            };
            let Err(denial) = self.policy.decide(&target) else {
                continue;
            };
            let implied = matches!(denial.reason(), Reason::Implied { .. });
            if !implied && self.policy.reaches(&target) {
                continue;
            }
            let advice = denial
                .advice()
                .map(|advice| format!("; to allow it, {advice}"));
            let message = format!(
                "requests to `{}` will be denied, as {}{}",
                shown(&field.name),
                denial.request(),
                advice.unwrap_or_default()
            );
            report.warn(Some(&field.at), message);
        }
        report.finish().unwrap_or_default()
    }
}
