//! What do the certificate functions ask of the host, and what do templates get?
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Mutex;

use aktus_gotmpl::{
    Certificate, CertificateRequest, Certificates, Context, FrozenHost, Host, KeyKind, Profile, Templates, Value,
    helm_functions,
};

/// Notes what it is asked for, and gives certificates that say so.
#[derive(Debug, Default)]
struct Notes {
    frozen: FrozenHost,
    asked: Mutex<Vec<String>>,
}

impl Notes {
    fn make(&self, kind: &str, request: &CertificateRequest<'_>) -> Certificate {
        let asked = format!(
            "{kind} {} {:?} {:?} {} {:?}",
            request.common_name,
            request.addresses,
            request.names,
            request.days,
            request.key.map(String::from_utf8_lossy)
        );
        self.asked.lock().unwrap().push(asked);
        Certificate { certificate: format!("{kind} cert").into(), key: format!("{kind} key").into() }
    }
}

impl Certificates for Notes {
    fn private_key(&self, kind: KeyKind) -> Result<String, String> {
        match kind {
            KeyKind::Dsa => Err("no luck".to_owned()),
            _ => Ok(format!("{kind:?} key")),
        }
    }

    fn authority(&self, request: &CertificateRequest<'_>) -> Result<Certificate, String> {
        Ok(self.make("authority", request))
    }

    fn self_signed(&self, request: &CertificateRequest<'_>) -> Result<Certificate, String> {
        Ok(self.make("self-signed", request))
    }

    fn signed(&self, request: &CertificateRequest<'_>, authority: &Certificate) -> Result<Certificate, String> {
        if authority.certificate != *"authority cert" || authority.key != *"authority key" {
            return Err("unable to decode certificate".to_owned());
        }
        Ok(self.make("signed", request))
    }

    fn check(&self, certificate: &[u8], key: &[u8]) -> Result<(), String> {
        if certificate == b"cert" && key == b"key" { Ok(()) } else { Err("unable to decode certificate".to_owned()) }
    }
}

impl Host for Notes {
    fn now(&self) -> jiff::Timestamp {
        self.frozen.now()
    }

    fn time_zone(&self) -> jiff::tz::TimeZone {
        self.frozen.time_zone()
    }

    fn random(&self, buffer: &mut [u8]) {
        self.frozen.random(buffer);
    }

    fn certificates(&self) -> Option<&dyn Certificates> {
        Some(self)
    }
}

fn render_with(host: &dyn Host, text: &str) -> Result<String, String> {
    let mut templates = Templates::new(helm_functions(Profile::Helm4)).named("t");
    templates.parse("t", text).map_err(|error| error.to_string())?;
    let output = templates.execute("t", Value::map([("a", Value::Int(1))]), &mut Context::new(host, Profile::Helm4));
    output.map(|output| String::from_utf8(output).unwrap()).map_err(|error| error.to_string())
}

#[track_caller]
fn renders(text: &str, expected: &str, asked: &[&str]) {
    let host = Notes::default();
    assert_eq!(render_with(&host, text).as_deref(), Ok(expected));
    assert_eq!(*host.asked.lock().unwrap(), asked);
}

#[track_caller]
fn fails(text: &str, reason: &str) {
    let error = render_with(&Notes::default(), text).unwrap_err();
    assert!(error.contains(reason), "{error} lacks {reason:?}");
}

#[test]
fn an_authority_and_what_it_signs() {
    renders(
        "{{ $ca := genCA \"my-ca\" 365 }}{{ $ca.Cert }}, {{ $ca.Key }}; \
         {{ with genSignedCert \"my-host\" (list \"10.0.0.1\" \"::1\") (list \"a.b\" \"*.b\") 30 $ca }}{{ .Cert }}, {{ .Key }}{{ end }}",
        "authority cert, authority key; signed cert, signed key",
        &["authority my-ca [] [] 365 None", "signed my-host [10.0.0.1, ::1] [\"a.b\", \"*.b\"] 30 None"],
    );
}

#[test]
fn with_keys_of_ones_own() {
    renders(
        "{{ (genCAWithKey \"ca\" 1 \"K\").Cert }} {{ (genSelfSignedCertWithKey \"x\" nil nil -1 \"L\").Key }} \
         {{ (genSignedCertWithKey \"y\" nil (list \"z\") 2 (genCA \"c\" 1) \"M\").Cert }}",
        "authority cert self-signed key signed cert",
        &[
            "authority ca [] [] 1 Some(\"K\")",
            "self-signed x [] [] -1 Some(\"L\")",
            "authority c [] [] 1 None",
            "signed y [] [\"z\"] 2 Some(\"M\")",
        ],
    );
}

#[test]
fn certificates_are_structs() {
    renders(
        "{{ $c := genSelfSignedCert \"x\" nil nil 1 }}{{ typeOf $c }} {{ kindOf $c }} {{ $c }} {{ toJson $c }}",
        "sprig.certificate struct {self-signed cert self-signed key} \
         {\"Cert\":\"self-signed cert\",\"Key\":\"self-signed key\"}",
        &["self-signed x [] [] 1 None"],
    );
    fails("{{ (genCA \"x\" 1).Nope }}", "can't evaluate field Nope in type sprig.certificate");
    fails("{{ genSignedCert \"x\" nil nil 1 (dict) }}", "wrong type for value; expected sprig.certificate");
}

#[test]
fn private_keys() {
    renders(
        "{{ genPrivateKey \"\" }}, {{ genPrivateKey \"rsa\" }}, {{ genPrivateKey \"ecdsa\" }}, {{ genPrivateKey \"ed25519\" }}",
        "Rsa key, Rsa key, Ecdsa key, Ed25519 key",
        &[],
    );
    renders(
        "{{ genPrivateKey \"dsa\" }}, {{ genPrivateKey \"x\" }}",
        "failed to generate private key: no luck, Unknown type x",
        &[],
    );
}

#[test]
fn custom_certificates() {
    renders("{{ (buildCustomCert \"Y2VydA==\" \"a2V5\").Key }}", "key", &[]);
    fails(
        "{{ buildCustomCert \"Y2VydA==\" \"Y2VydA==\" }}",
        "error calling buildCustomCert: unable to decode certificate",
    );
    fails("{{ buildCustomCert \"x\" \"\" }}", "unable to decode base64 certificate");
    fails("{{ buildCustomCert \"\" \"x\" }}", "unable to decode base64 private key");
}

#[test]
fn addresses_and_names_are_checked() {
    fails("{{ genSelfSignedCert \"x\" (list \"1.2.3\") nil 1 }}", "error parsing ip: 1.2.3");
    fails("{{ genSelfSignedCert \"x\" (list 5) nil 1 }}", "error parsing ip: 5 is not a string");
    fails(
        "{{ genSelfSignedCert \"x\" nil (list nil) 1 }}",
        "error processing alternate dns name: <nil> is not a string",
    );
}

#[test]
fn a_host_without_certificates_says_so() {
    for call in
        ["genCA \"x\" 1", "genPrivateKey \"rsa\"", "genSelfSignedCert \"x\" nil nil 1", "buildCustomCert \"\" \"\""]
    {
        let error = render_with(&FrozenHost::default(), &format!("{{{{ {call} }}}}")).unwrap_err();
        assert!(error.contains("this renderer cannot make keys and certificates"), "{error}");
    }
}

#[test]
fn keys_stay_out_of_debug_output() {
    let certificate = Certificate { certificate: "public".into(), key: "canary".into() };
    assert!(!format!("{certificate:?}").contains("canary"));
}
