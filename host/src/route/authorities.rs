//! Certificates of authorities, from a PEM file.

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use std::{fmt, sync::Arc};

/// Largest PEM file in bytes; a system's whole bundle has a quarter of it.
pub const MAX_PEM_BYTES: usize = 1024 * 1024;

/// Authorities to trust besides the system's. There is at least one, and each was read as a certificate.
#[derive(Clone)]
pub struct Authorities(Arc<[CertificateDer<'static>]>);

impl Authorities {
    /// Reads the certificates of a PEM text; other sections and text between them are passed over.
    ///
    /// # Errors
    /// It is larger than [`MAX_PEM_BYTES`], is no PEM, holds no certificate, or one that is none. Nothing of the text is in
    /// the error: it may be a private key.
    pub fn from_pem(pem: &[u8]) -> Result<Self, AuthoritiesError> {
        if pem.len() > MAX_PEM_BYTES {
            return Err(AuthoritiesError::TooLarge);
        }
        let mut roots = RootCertStore::empty();
        let mut certificates = Vec::new();
        for section in CertificateDer::pem_slice_iter(pem) {
            let number = certificates.len() + 1;
            let certificate = section.map_err(|_| AuthoritiesError::Malformed { number })?;
            roots
                .add(certificate.clone())
                .map_err(|_| AuthoritiesError::NoCertificate { number })?;
            certificates.push(certificate);
        }
        if certificates.is_empty() {
            // What DER begins with, and text does not.
            return Err(if pem.first() == Some(&0x30) {
                AuthoritiesError::Der
            } else {
                AuthoritiesError::None
            });
        }
        Ok(Self(certificates.into()))
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The certificates in DER, in the order of the file.
    pub(crate) fn certificates(&self) -> impl Iterator<Item = CertificateDer<'static>> + '_ {
        self.0.iter().cloned()
    }
}

impl fmt::Debug for Authorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authorities({})", self.count())
    }
}

/// Why a file gives no authorities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthoritiesError {
    /// Larger than [`MAX_PEM_BYTES`].
    #[error("it is larger than {} KiB", MAX_PEM_BYTES / 1024)]
    TooLarge,
    /// There is no certificate in it.
    #[error("there is no certificate in it")]
    None,
    /// It looks like a certificate in binary form.
    #[error("it is in DER, the binary form; `openssl x509 -inform der` turns it into PEM")]
    Der,
    /// A section has no end, or what is in it is no base64.
    #[error("its PEM section {number} is cut or damaged")]
    Malformed {
        /// Which certificate, from 1.
        number: usize,
    },
    /// A section holds something else than a certificate.
    #[error("its certificate {number} is none that can be read")]
    NoCertificate {
        /// Which certificate, from 1.
        number: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(pem: impl AsRef<[u8]>) -> AuthoritiesError {
        Authorities::from_pem(pem.as_ref()).unwrap_err()
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        let wrapped = |inner: &str| {
            format!("-----BEGIN CERTIFICATE-----\n{inner}\n-----END CERTIFICATE-----\n")
        };
        for text in [
            "",
            "hello\n",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        ] {
            assert_eq!(fault(text), AuthoritiesError::None, "{text}");
        }
        let number = 1;
        assert_eq!(
            fault(wrapped("AAAA")),
            AuthoritiesError::NoCertificate { number }
        );
        assert_eq!(
            fault(wrapped("")),
            AuthoritiesError::NoCertificate { number }
        );
        assert_eq!(
            fault(wrapped("#!?")),
            AuthoritiesError::Malformed { number }
        );
        let cut = "-----BEGIN CERTIFICATE-----\nAAAA\n";
        assert_eq!(fault(cut), AuthoritiesError::Malformed { number });
        assert_eq!(fault([0x30, 0x82, 1, 2]), AuthoritiesError::Der);
        assert_eq!(
            fault(vec![b'\n'; MAX_PEM_BYTES + 1]),
            AuthoritiesError::TooLarge
        );
        assert_eq!(fault(vec![b'\n'; MAX_PEM_BYTES]), AuthoritiesError::None);
    }
}
