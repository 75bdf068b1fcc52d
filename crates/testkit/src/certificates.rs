//! Certificates for a server of a test: one authority that signed it, and one that nobody asked.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType};

/// The files of a server that speaks TLS, in its folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificates {
    /// Who signed the server's certificate.
    pub authority: PathBuf,
    /// Another authority, which signed nothing here.
    pub stranger: PathBuf,
    /// The server's certificate: for the address 127.0.0.1, and for no name.
    pub server: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl Certificates {
    /// Makes them in `folder`.
    pub fn make(folder: &Path) -> io::Result<Self> {
        let named = |name: &str| folder.join(name);
        let made = Self {
            authority: named("authority.pem"),
            stranger: named("stranger.pem"),
            server: named("server.pem"),
            key: named("server.key"),
        };
        let (authority, issuer) = authority("docket test authority")?;
        std::fs::write(&made.authority, authority)?;
        std::fs::write(&made.stranger, self::authority("docket test stranger")?.0)?;
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let mut server = CertificateParams::default();
        server.subject_alt_names = vec![SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST))];
        let server = server.signed_by(&key, &issuer).map_err(io::Error::other)?;
        std::fs::write(&made.server, server.pem())?;
        std::fs::write(&made.key, key.serialize_pem())?;
        Ok(made)
    }
}

fn authority(name: &str) -> io::Result<(String, Issuer<'static, KeyPair>)> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let signed = params.self_signed(&key).map_err(io::Error::other)?;
    Ok((signed.pem(), Issuer::new(params, key)))
}
