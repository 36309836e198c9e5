//! Certificates: one that is right, and some that are wrong in one way each.

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};
use std::sync::Arc;

/// The names that a right certificate is for.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// What a service says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// A certificate of the authority for `localhost`, `127.0.0.1` and `::1`.
    Right,
    /// A certificate of the authority for this name.
    Named(&'static str),
    /// One for `other.test` only.
    WrongName,
    /// One that ended in 2021.
    Expired,
    /// One that begins in 4000.
    NotYetValid,
    /// One that nobody signed but itself.
    SelfSigned,
    /// One of another authority with the same name as this one.
    OtherAuthority,
    /// One that a right certificate signed, which has no business to sign.
    NotAnAuthority,
    /// The right one, followed by the authority's so many times: a chain of about half a kilobyte each.
    HugeChain(usize),
}

/// An authority made for one test; nobody else trusts it.
#[derive(Debug)]
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    /// A new one.
    ///
    /// # Panics
    /// The system has no random numbers.
    #[must_use]
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "Authority of a test");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let issuer = CertifiedIssuer::self_signed(params, key()).expect("an authority");
        Self { issuer }
    }

    /// Its certificate in PEM: what a `ca:` file holds.
    #[must_use]
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// Its certificate in DER.
    #[must_use]
    pub fn der(&self) -> Vec<u8> {
        self.issuer.der().to_vec()
    }

    /// What a server of that identity needs.
    pub(super) fn config(&self, identity: Identity) -> Arc<ServerConfig> {
        let (chain, key) = self.chain(identity);
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider has them all")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("a certificate and its key");
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Arc::new(config)
    }

    fn chain(&self, identity: Identity) -> (Vec<CertificateDer<'static>>, KeyPair) {
        let key = key();
        let mut params = leaf(&NAMES);
        match identity {
            Identity::Right | Identity::HugeChain(_) | Identity::OtherAuthority => {}
            Identity::Named(name) => params = leaf(&[name]),
            Identity::WrongName => params = leaf(&["other.test"]),
            Identity::Expired => {
                params.not_before = date_time_ymd(2020, 1, 1);
                params.not_after = date_time_ymd(2021, 1, 1);
            }
            Identity::NotYetValid => params.not_before = date_time_ymd(4000, 1, 1),
            Identity::SelfSigned => {
                let certificate = params.self_signed(&key).expect("a certificate");
                return (vec![certificate.der().clone()], key);
            }
            Identity::NotAnAuthority => return self.through_a_leaf(key),
        }
        let other;
        let authority = if identity == Identity::OtherAuthority {
            other = Self::new();
            &other
        } else {
            self
        };
        let certificate = authority.sign(&params, &key);
        let mut chain = vec![certificate.der().clone()];
        if let Identity::HugeChain(length) = identity {
            chain.extend((0..length).map(|_| self.issuer.der().clone()));
        }
        (chain, key)
    }

    fn through_a_leaf(&self, key: KeyPair) -> (Vec<CertificateDer<'static>>, KeyPair) {
        let mut middle = leaf(&NAMES);
        middle
            .distinguished_name
            .push(DnType::CommonName, "No authority");
        let signer = CertifiedIssuer::signed_by(middle, self::key(), &self.issuer);
        let signer = signer.expect("a certificate");
        let certificate = leaf(&NAMES)
            .signed_by(&key, &signer)
            .expect("a certificate");
        let chain = vec![certificate.der().clone(), signer.der().clone()];
        (chain, key)
    }

    fn sign(&self, params: &CertificateParams, key: &KeyPair) -> Certificate {
        params.signed_by(key, &self.issuer).expect("a certificate")
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

fn key() -> KeyPair {
    KeyPair::generate().expect("random numbers")
}

/// For a server of these names, valid for long.
fn leaf(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    CertificateParams::new(names).expect("names")
}
