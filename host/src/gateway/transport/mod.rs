//! The only place that opens outbound sockets: clients whose defaults are all turned off.

mod client;
mod reason;
mod resolve;

pub use resolve::{Answers, Lookup, SystemLookup};

use super::{body::Body, ready::Ready};
use crate::{
    policy::{Addresses, Permit, Policy, Scheme},
    route::{Proxy, Route},
};
use bytes::Bytes;
use client::{direct, through};
use futures_util::Stream;
use http::{HeaderMap, StatusCode};
use resolve::LOCAL_LOOKUP;
use std::{
    io,
    net::IpAddr,
    sync::{Arc, OnceLock},
};

/// The clients of one policy and one route. Each is made at its first request: many runs make none.
#[derive(Debug)]
pub(super) struct Transport {
    policy: Arc<Policy>,
    lookup: Arc<dyn Lookup>,
    route: Route,
    direct: OnceLock<Result<reqwest::Client, String>>,
    /// Dials the proxy and nothing else.
    proxied: OnceLock<Result<reqwest::Client, String>>,
}

/// An answer whose head has come. Dropping it before the end of its body closes the connection.
#[derive(Debug)]
pub(super) struct Answer(reqwest::Response);

impl Answer {
    /// An answer that does not come from the network; none if HTTP has none such.
    pub(super) fn made(
        status: u16,
        headers: HeaderMap,
        body: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Option<Self> {
        let body = reqwest::Body::wrap_stream(body);
        let mut answer = http::Response::new(body);
        *answer.status_mut() = StatusCode::from_u16(status).ok()?;
        *answer.headers_mut() = headers;
        Some(Self(answer.into()))
    }

    pub(super) fn status(&self) -> u16 {
        self.0.status().as_u16()
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        self.0.headers()
    }

    pub(super) fn headers_mut(&mut self) -> &mut HeaderMap {
        self.0.headers_mut()
    }

    /// The next piece of the body; `None` is the end of a complete answer, and an error is a cut one.
    pub(super) async fn piece(&mut self) -> Result<Option<Bytes>, String> {
        self.0.chunk().await.map_err(reason::explain)
    }
}

/// Why a permitted request has no answer.
#[derive(Debug)]
pub(super) enum SendError {
    /// The policy lets none of the name's addresses through.
    NotPermitted(Vec<IpAddr>),
    /// The connection failed.
    Failed {
        /// Why, in words that a guest may read.
        reason: String,
        /// How far it had come.
        when: When,
    },
}

/// How far a request came that has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// There was no connection, and the next time there may be one.
    Connecting,
    /// It may have been sent, and be seen by the service.
    Sent,
    /// It will not be any better the next time.
    Always,
}

impl Transport {
    pub(super) fn new(policy: Arc<Policy>, route: Route, lookup: Arc<dyn Lookup>) -> Self {
        Self {
            policy,
            lookup,
            route,
            direct: OnceLock::new(),
            proxied: OnceLock::new(),
        }
    }

    /// Sends one request, redirects not followed. It takes a permit, so that nothing is sent without one.
    pub(super) async fn send(
        &self,
        permit: &Permit<'_>,
        ready: Ready,
    ) -> Result<Answer, SendError> {
        let target = permit.target();
        let mut request = reqwest::Request::new(target.method().into(), ready.url);
        *request.headers_mut() = ready.headers;
        *request.body_mut() = match ready.body {
            Body::None => None,
            Body::Whole(bytes) => Some(bytes.into()),
            Body::Stream(stream) => Some(reqwest::Body::wrap_stream(stream)),
        };
        match self.route.proxy_for(permit) {
            Some(proxy) => self.send_through(proxy, permit, request).await,
            None => {
                let made = self
                    .direct
                    .get_or_init(|| direct(&self.policy, &self.route, &self.lookup));
                execute(made, request).await
            }
        }
    }

    /// Sends a request by way of the proxy, which finds the address of a name itself.
    async fn send_through(
        &self,
        proxy: &Proxy,
        permit: &Permit<'_>,
        request: reqwest::Request,
    ) -> Result<Answer, SendError> {
        let target = permit.target();
        let https = target.scheme() == Scheme::Https;
        let failed = |reason: &str| format!("through the proxy {}: {reason}", proxy.origin());
        let refused = |reason: &str| SendError::Failed {
            reason: failed(reason),
            when: When::Always,
        };
        if https && matches!(permit.addresses(), Addresses::Literal(IpAddr::V6(_))) {
            // The client takes the brackets for a part of the name that the certificate must have.
            return Err(refused(
                "an IPv6 address is not reached by https through a proxy; ask for a name",
            ));
        }
        self.check_here(permit).await?;
        let made = self
            .proxied
            .get_or_init(|| through(proxy, &self.route, &self.lookup));
        match execute(made, request).await {
            // By plain http the proxy answers in the place of the service; no service asks for this.
            Ok(answer) if !https && answer.status() == 407 => Err(refused(reason::CREDENTIALS)),
            Err(SendError::Failed { reason, when }) => Err(SendError::Failed {
                reason: failed(&reason),
                when,
            }),
            other => other,
        }
    }

    /// Refuses a name that leads to forbidden addresses alone as far as this machine can see. One that it cannot resolve is
    /// the proxy's matter: where there are proxies, names outside are often known to them only.
    async fn check_here(&self, permit: &Permit<'_>) -> Result<(), SendError> {
        let host = permit.target().host();
        let (Addresses::Resolved, Some(name)) = (permit.addresses(), host.as_name()) else {
            return Ok(());
        };
        match tokio::time::timeout(LOCAL_LOOKUP, self.lookup.lookup(name)).await {
            Ok(Ok(answers))
                if !answers.is_empty() && self.policy.dialable(host, &answers).is_empty() =>
            {
                Err(SendError::NotPermitted(answers))
            }
            Ok(Ok(_) | Err(_)) | Err(_) => Ok(()),
        }
    }
}

async fn execute(
    client: &Result<reqwest::Client, String>,
    request: reqwest::Request,
) -> Result<Answer, SendError> {
    let client = client.as_ref().map_err(|reason| SendError::Failed {
        reason: reason.clone(),
        when: When::Always,
    })?;
    let answer = client.execute(request).await;
    let answer = answer.map_err(|error| match reason::none_permitted(&error) {
        Some(answers) => SendError::NotPermitted(answers),
        None => {
            let when = reason::when(&error);
            let reason = reason::explain(error);
            SendError::Failed { reason, when }
        }
    })?;
    if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
        // Nobody asked for it, and what follows is no HTTP.
        let reason = "the service switches to another protocol".to_owned();
        let when = When::Sent;
        return Err(SendError::Failed { reason, when });
    }
    Ok(Answer(answer))
}
