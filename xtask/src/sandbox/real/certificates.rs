//! Certificate authorities of the sandbox: one for the cluster, one for the registry.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

/// An authority whose certificate lies in a file.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(super) pem: String,
    pub(super) file: PathBuf,
}

/// A certificate and its key, in files.
pub(super) struct Identity {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

impl Authority {
    /// A new authority, its certificate in `DIRECTORY/NAME-ca.pem`.
    pub(super) fn new(name: &str, directory: &Path) -> Result<Self> {
        let mut parameters = CertificateParams::new(Vec::new())?;
        parameters.distinguished_name.push(DnType::CommonName, format!("{name} of the sandbox"));
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate()?;
        let pem = parameters.self_signed(&key)?.pem();
        let file = directory.join(format!("{name}-ca.pem"));
        fs::write(&file, &pem)?;
        Ok(Self { issuer: Issuer::new(parameters, key), pem, file })
    }

    /// A certificate for a server with these names and addresses.
    pub(super) fn server(&self, name: &str, hosts: &[&str], directory: &Path) -> Result<Identity> {
        let mut parameters = CertificateParams::new(hosts.iter().map(|host| (*host).to_owned()).collect::<Vec<_>>())?;
        parameters.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate()?;
        let identity = Identity {
            certificate: directory.join(format!("{name}.pem")),
            key: directory.join(format!("{name}-key.pem")),
        };
        fs::write(&identity.certificate, parameters.signed_by(&key, &self.issuer)?.pem())?;
        fs::write(&identity.key, key.serialize_pem())?;
        Ok(identity)
    }
}

/// A key pair for service account tokens: the files of the private and the public key.
pub(super) fn key_pair(directory: &Path) -> Result<(PathBuf, PathBuf)> {
    let key = KeyPair::generate()?;
    let (private, public) = (directory.join("service-accounts-key.pem"), directory.join("service-accounts.pem"));
    fs::write(&private, key.serialize_pem())?;
    fs::write(&public, key.public_key_pem())?;
    Ok((private, public))
}
