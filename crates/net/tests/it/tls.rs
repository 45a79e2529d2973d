//! Identity: a service that cannot prove who it is gets nothing.
//!
//! Certificates are made by the `openssl` program while the test runs. They are trusted through the
//! environment, which is the process's, so the test runs itself again in one.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use patchbay_model::Code;
use patchbay_model::descriptor::Method;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use patchbay_net::{Certificates, Network};

use crate::peer::{CANARY, client, request};

const CASE: &str = "PATCHBAY_TEST_TLS";

fn openssl(folder: &Path, arguments: &str) {
    let output =
        Command::new("openssl").args(arguments.split_whitespace()).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Makes `<name>.pem` and `<name>.key`, signed by `ca`.
fn certificate(folder: &Path, ca: &str, name: &str, host: &str, days: &str) {
    std::fs::write(folder.join(format!("{name}.ext")), format!("subjectAltName=DNS:{host}\n")).unwrap();
    openssl(
        folder,
        &format!(
            "req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN={host} \
             -keyout {name}.key -out {name}.csr"
        ),
    );
    openssl(
        folder,
        &format!(
            "x509 -req -in {name}.csr -CA {ca}.pem -CAkey {ca}.key -CAcreateserial -days {days} \
             -extfile {name}.ext -out {name}.pem"
        ),
    );
}

fn authority(folder: &Path, name: &str) {
    openssl(
        folder,
        &format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
             -subj /CN={name} -keyout {name}.key -out {name}.pem"
        ),
    );
}

/// Answers one connection with 200 over TLS; keeps what it could decrypt.
#[expect(clippy::disallowed_methods, reason = "the pretend service is not the product")]
fn serve(folder: &Path, name: &str) -> (SocketAddr, Arc<Mutex<Vec<u8>>>) {
    use std::io::{Read, Write};
    let chain = vec![CertificateDer::from_pem_file(folder.join(format!("{name}.pem"))).unwrap()];
    let key = PrivateKeyDer::from_pem_file(folder.join(format!("{name}.key"))).unwrap();
    let config =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
    let config = Arc::new(config);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let own = seen.clone();
    std::thread::spawn(move || {
        while let Ok((mut socket, _)) = listener.accept() {
            let mut session = rustls::ServerConnection::new(config.clone()).unwrap();
            let mut stream = rustls::Stream::new(&mut session, &mut socket);
            let mut buffer = [0; 4096];
            if let Ok(read) = stream.read(&mut buffer) {
                own.lock().unwrap().extend_from_slice(&buffer[..read]);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }
        }
    });
    (address, seen)
}

#[tokio::test]
async fn only_a_service_that_proves_its_identity_gets_the_secret() {
    if let Ok(url) = std::env::var(CASE) {
        let wanted = url.ends_with("/good");
        for method in [Method::Get, Method::Post] {
            let outcome = client().send(request(method, url.parse().unwrap())).await;
            match outcome {
                Ok(answer) => assert!(wanted && answer.status == 200 && answer.body.is_ok(), "{answer:?}"),
                Err(failure) => {
                    assert_eq!((failure.code, failure.sent), (Code::TlsFailure, false), "{failure:?}");
                    assert!(!wanted && !failure.detail.is_empty(), "{failure:?}");
                }
            }
        }
        return;
    }
    assert!(
        Command::new("openssl").arg("version").output().is_ok(),
        "openssl is missing; cargo xtask test installs it"
    );
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    authority(at, "trusted");
    authority(at, "unknown");
    certificate(at, "trusted", "good", "localhost", "2");
    certificate(at, "trusted", "elsewhere", "other.example", "2");
    certificate(at, "trusted", "expired", "localhost", "-1");
    certificate(at, "unknown", "foreign", "localhost", "2");
    for name in ["good", "elsewhere", "expired", "foreign"] {
        let (address, seen) = serve(at, name);
        let url = format!("https://localhost:{}/{name}", address.port());
        let mut again = Command::new(std::env::current_exe().unwrap());
        again
            .args(["--exact", "tls::only_a_service_that_proves_its_identity_gets_the_secret"])
            .env(CASE, url)
            .env("SSL_CERT_FILE", at.join("trusted.pem"))
            .env_remove("SSL_CERT_DIR");
        let output = tokio::task::spawn_blocking(move || again.output().unwrap()).await.unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stdout));
        let seen = String::from_utf8_lossy(&seen.lock().unwrap()).into_owned();
        assert_eq!(seen.contains(CANARY), name == "good", "{name}: {seen}");
    }
}

#[tokio::test]
async fn an_authority_of_the_users_own_is_trusted_from_the_next_call_on() {
    assert!(
        Command::new("openssl").arg("version").output().is_ok(),
        "openssl is missing; cargo xtask test installs it"
    );
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    authority(at, "company");
    certificate(at, "company", "good", "localhost", "2");
    let (address, seen) = serve(at, "good");
    let url: url::Url = format!("https://localhost:{}/good", address.port()).parse().unwrap();
    let client = client();
    // Somebody who had the client before the settings changed.
    let clone = client.clone();
    let pem = std::fs::read_to_string(at.join("company.pem")).unwrap();
    let certificates = Certificates::read(&pem).unwrap();
    assert_eq!(certificates.len(), 1);
    for (certificates, trusted) in
        [(Certificates::default(), false), (certificates, true), (Certificates::default(), false)]
    {
        client.go(client.prepare(Network { certificates, ..Network::default() }).unwrap());
        for method in [Method::Get, Method::Post] {
            match clone.send(request(method, url.clone())).await {
                Ok(answer) => assert!(trusted && answer.status == 200, "{answer:?}"),
                Err(failure) => {
                    assert_eq!((failure.code, failure.sent), (Code::TlsFailure, false), "{failure:?}");
                    assert!(!trusted, "{failure:?}");
                }
            }
        }
    }
    let seen = String::from_utf8_lossy(&seen.lock().unwrap()).into_owned();
    assert_eq!(seen.matches("HTTP/1.1").count(), 2, "only while it was trusted: {seen}");
}
