//! The other side of TLS, for tests of what happens to those who call services.

use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, Stream};

/// What a pretend service proves itself with.
#[derive(Clone, Debug)]
pub struct Identity(Arc<ServerConfig>);

impl Identity {
    /// Of a certificate and its key, both PEM files (RFC 7468).
    ///
    /// # Errors
    ///
    /// Where a file cannot be read or is none of these, or the key is not the certificate's.
    pub fn of(certificate: &Path, key: &Path) -> io::Result<Self> {
        let chain = vec![CertificateDer::from_pem_file(certificate).map_err(io::Error::other)?];
        let key = PrivateKeyDer::from_pem_file(key).map_err(io::Error::other)?;
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
            .map_err(io::Error::other)?;
        Ok(Self(Arc::new(config)))
    }

    /// Takes up TLS on a connection, talks, and closes it in order. A caller that goes away meanwhile is no error;
    /// what `talk` reads or writes fails where there is no TLS.
    ///
    /// # Errors
    ///
    /// Where TLS cannot be begun at all.
    pub fn speak<S: Read + Write, T>(
        &self,
        socket: &mut S,
        talk: impl FnOnce(&mut Stream<'_, ServerConnection, S>) -> T,
    ) -> io::Result<T> {
        let mut session = ServerConnection::new(self.0.clone()).map_err(io::Error::other)?;
        let said = talk(&mut Stream::new(&mut session, socket));
        session.send_close_notify();
        let _ = session.complete_io(socket);
        Ok(said)
    }
}
