//! How the clients are made.

use super::{
    Lookup,
    reason::explain,
    resolve::{PolicyResolver, ProxyResolver},
};
use crate::{
    policy::Policy,
    route::{Authorities, Proxy, Route},
};
use http::HeaderValue;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::{BuilderVerifierExt as _, Verifier};
use std::{sync::Arc, time::Duration};

/// How long a connection may take to be made, TLS included. The run's own deadline may be sooner.
pub(super) const CONNECT: Duration = Duration::from_secs(30);
/// How long an unused connection is kept for the next request.
const IDLE: Duration = Duration::from_secs(30);
/// Headers of one answer: the figure of hyper, made explicit.
const ANSWER_HEADERS: usize = 100;
/// Bytes of an answer's headers over HTTP/2.
const ANSWER_HEADER_BYTES: u32 = 64 * 1024;

/// The client that dials what the policy lets it dial.
pub(super) fn direct(
    policy: &Arc<Policy>,
    route: &Route,
    lookup: &Arc<dyn Lookup>,
) -> Result<reqwest::Client, String> {
    let resolver = PolicyResolver {
        policy: Arc::clone(policy),
        lookup: Arc::clone(lookup),
    };
    finish(careful(route, CONNECT)?.dns_resolver(resolver))
}

/// The client that dials the proxy, whose address no policy judges, since the user named it; and that can dial nothing else.
pub(super) fn through(
    proxy: &Proxy,
    route: &Route,
    lookup: &Arc<dyn Lookup>,
) -> Result<reqwest::Client, String> {
    let resolver = ProxyResolver {
        proxy: proxy.origin().host.clone(),
        lookup: Arc::clone(lookup),
    };
    let refused = |_| "the proxy cannot be used".to_owned();
    let mut every = reqwest::Proxy::all(proxy.origin().to_string()).map_err(refused)?;
    if let Some(authorization) = proxy.authorization() {
        let mut value = HeaderValue::from_str(&authorization)
            .map_err(|_| "the proxy's credentials fit into no header".to_owned())?;
        value.set_sensitive(true);
        every = every.custom_http_auth(value);
    }
    finish(careful(route, CONNECT)?.dns_resolver(resolver).proxy(every))
}

/// Every switch is set, because the defaults follow redirects, obey proxy variables, add headers, retry and
/// inflate without bound.
fn careful(route: &Route, connect: Duration) -> Result<reqwest::ClientBuilder, String> {
    Ok(reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .referer(false)
        .connect_timeout(connect)
        .pool_idle_timeout(IDLE)
        .http1_max_headers(ANSWER_HEADERS)
        .http2_max_header_list_size(ANSWER_HEADER_BYTES)
        .tls_backend_preconfigured(tls(route.authorities.as_ref())?))
}

fn finish(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, String> {
    builder
        .build()
        .map_err(|error| format!("the HTTP client does not start: {}", explain(error)))
}

/// TLS as rustls has it, with the roots that the system trusts, and `more` beside them.
fn tls(more: Option<&Authorities>) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let failed = |error: rustls::Error| format!("TLS does not start: {error}");
    let versions = || {
        ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(failed)
    };
    let mut config = if let Some(more) = more {
        let verifier = Verifier::new_with_extra_roots(more.certificates(), Arc::clone(&provider));
        versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier.map_err(failed)?))
            .with_no_client_auth()
    } else {
        // A machine without any root certificate can still speak plain HTTP to itself; https then fails by name.
        match versions()?.with_platform_verifier() {
            Ok(builder) => builder.with_no_client_auth(),
            Err(_no_roots) => versions()?
                .with_root_certificates(RootCertStore::empty())
                .with_no_client_auth(),
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_that_is_not_made_is_given_up() {
        // It accepts, and then says nothing: TLS never begins.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}/", silent.local_addr().unwrap());
        let client = careful(&Route::default(), Duration::from_millis(100));
        let client = finish(client.unwrap()).unwrap();
        let answer = tokio::time::timeout(Duration::from_secs(60), client.get(url).send()).await;
        let error = answer.expect("it waits for ever").unwrap_err();
        assert!(error.is_connect() && error.is_timeout(), "{error:?}");
    }
}
