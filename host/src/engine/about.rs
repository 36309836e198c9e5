//! What a runner says of itself, asked once.

use super::{Call, CallError, Component, Observer, RunnerInfo};
use crate::{gateway::Session, limits::Limits};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

impl Component {
    /// Asks what the runner is, without configuration and network, so that the answer cannot depend on them; `None` where it does
    /// not say. What it said before is not asked again, where the engine keeps compiled components. `observer` takes what it logs
    /// while it is asked.
    ///
    /// # Errors
    /// The sandbox stopped the run.
    pub async fn describe(
        &self,
        limits: &Limits,
        deadline: Instant,
        time: Duration,
        observer: Arc<dyn Observer>,
    ) -> Result<Option<RunnerInfo>, CallError> {
        if self.about.is_none() {
            return Ok(None);
        }
        if let Some(said) = self.said(limits).await {
            return Ok(Some(said));
        }
        let call = Call {
            limits: limits.clone(),
            config: Arc::new([]),
            session: Session::closed(),
            observer,
            deadline,
            time,
        };
        let info = self.ask_about(&call).await?;
        if let Some(info) = &info {
            self.remember(limits, info).await;
        }
        Ok(info)
    }

    /// What it said of itself under these limits, if that was kept.
    async fn said(&self, limits: &Limits) -> Option<RunnerInfo> {
        let (parts, digest, limits) = (Arc::clone(&self.parts), self.digest, limits.clone());
        let said = move || parts.cache.as_ref()?.said(digest, &limits);
        if self.parts.alone {
            return said();
        }
        tokio::task::spawn_blocking(said).await.ok()?
    }

    /// Keeps what it said of itself.
    async fn remember(&self, limits: &Limits, info: &RunnerInfo) {
        let (parts, digest) = (Arc::clone(&self.parts), self.digest);
        let (limits, info) = (limits.clone(), info.clone());
        let keep = move || {
            if let Some(cache) = &parts.cache {
                cache.remember(digest, &limits, &info);
            }
        };
        // A panic there costs the next start an instance.
        drop(tokio::task::spawn_blocking(keep).await);
    }
}
