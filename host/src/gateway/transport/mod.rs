//! The only place that opens outbound sockets: a client whose defaults are all turned off.

mod resolve;

pub use resolve::{Answers, Lookup, SystemLookup};

use super::{body::Body, ready::Ready};
use crate::policy::{Permit, Policy};
use bytes::Bytes;
use http::HeaderMap;
use resolve::{NonePermitted, PolicyResolver};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;
use std::{
    error::Error as _,
    net::IpAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

/// How long a connection may take to be made, TLS included. The run's own deadline may be sooner.
const CONNECT: Duration = Duration::from_secs(30);
/// How long an unused connection is kept for the next request.
const IDLE: Duration = Duration::from_secs(30);
/// Headers of one answer: the figure of hyper, made explicit.
const ANSWER_HEADERS: usize = 100;
/// Bytes of an answer's headers over HTTP/2.
const ANSWER_HEADER_BYTES: u32 = 64 * 1024;

/// The client of one policy. Made at the first request: many runs make none.
#[derive(Debug)]
pub(super) struct Transport {
    policy: Arc<Policy>,
    lookup: Arc<dyn Lookup>,
    client: OnceLock<Result<reqwest::Client, String>>,
}

/// An answer whose head has come. Dropping it before the end of its body closes the connection.
#[derive(Debug)]
pub(super) struct Answer(reqwest::Response);

impl Answer {
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
        self.0.chunk().await.map_err(explain)
    }
}

/// Why a permitted request has no answer.
#[derive(Debug)]
pub(super) enum SendError {
    /// The policy lets none of the name's addresses through.
    NotPermitted(Vec<IpAddr>),
    /// The connection failed, with a reason that a guest may read.
    Failed(String),
}

impl Transport {
    pub(super) fn new(policy: Arc<Policy>, lookup: Arc<dyn Lookup>) -> Self {
        Self {
            policy,
            lookup,
            client: OnceLock::new(),
        }
    }

    /// Sends one request, redirects not followed. It takes a permit, so that nothing is sent without one.
    pub(super) async fn send(
        &self,
        permit: &Permit<'_>,
        ready: Ready,
    ) -> Result<Answer, SendError> {
        let client = self.client.get_or_init(|| self.build());
        let client = client
            .as_ref()
            .map_err(|reason| SendError::Failed(reason.clone()))?;
        let target = permit.target();
        let mut request = reqwest::Request::new(target.method().into(), ready.url);
        *request.headers_mut() = ready.headers;
        *request.body_mut() = match ready.body {
            Body::None => None,
            Body::Whole(bytes) => Some(bytes.into()),
            Body::Stream(stream) => Some(reqwest::Body::wrap_stream(stream)),
        };
        client
            .execute(request)
            .await
            .map(Answer)
            .map_err(|error| match none_permitted(&error) {
                Some(answers) => SendError::NotPermitted(answers),
                None => SendError::Failed(explain(error)),
            })
    }

    /// Every switch is set, because the defaults follow redirects, obey proxy variables, add headers, retry and
    /// inflate without bound.
    fn build(&self) -> Result<reqwest::Client, String> {
        let resolver = PolicyResolver {
            policy: Arc::clone(&self.policy),
            lookup: Arc::clone(&self.lookup),
        };
        reqwest::Client::builder()
            .dns_resolver(resolver)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .http1_max_headers(ANSWER_HEADERS)
            .http2_max_header_list_size(ANSWER_HEADER_BYTES)
            .tls_backend_preconfigured(tls()?)
            .build()
            .map_err(|error| format!("the HTTP client does not start: {}", explain(error)))
    }
}

/// TLS as rustls has it, with the roots that the system trusts.
fn tls() -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = || {
        ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("TLS does not start: {error}"))
    };
    // A machine without any root certificate can still speak plain HTTP to itself; https then fails by name.
    let mut config = match versions()?.with_platform_verifier() {
        Ok(builder) => builder.with_no_client_auth(),
        Err(_no_roots) => versions()?
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// The answers of a name whose addresses were all filtered out, if that is why the request failed.
fn none_permitted(error: &reqwest::Error) -> Option<Vec<IpAddr>> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(filtered) = error.downcast_ref::<NonePermitted>() {
            return Some(filtered.answers.clone());
        }
        cause = error.source();
    }
    None
}

/// Why a request failed, without the URL and its query.
fn explain(error: reqwest::Error) -> String {
    let error = error.without_url();
    if error.is_timeout() {
        return format!("no connection within {} s", CONNECT.as_secs());
    }
    let mut innermost: &dyn std::error::Error = &error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
