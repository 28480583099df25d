//! Do the stand-ins know of one another once they are started together?

use aktus_sandbox::{Clock, Mode, Options, Sandbox};

#[tokio::test]
async fn the_cluster_that_aws_describes_is_the_kubernetes_that_runs() {
    for (mode, auto_mode, add_ons) in [(Mode::Auto, true, 1), (Mode::Traditional, false, 6)] {
        let clock = Clock::fixed("2026-01-01T00:00:00Z".parse().unwrap());
        let options = Options { mode, region: "eu-west-1".to_owned(), ..Options::new(clock) };
        let sandbox = Sandbox::start(options).await.unwrap();
        let url = sandbox.kubernetes().url();
        sandbox.aws().change(|facts| {
            let cluster = &facts.clusters["aktus-sandbox"];
            assert_eq!((cluster.endpoint.as_str(), cluster.auto_mode), (url.as_str(), auto_mode));
            assert_eq!((facts.region.as_str(), cluster.add_ons.len()), ("eu-west-1", add_ons));
        });
        let digest = sandbox.registry().push_chart("demo", "1.0.0", b"archive", b"{}");
        assert!(digest.starts_with("sha256:"));
        let addresses = [sandbox.registry().host(), sandbox.aws().url().replace("http://", "")];
        sandbox.stop().await;
        for address in addresses {
            assert!(std::net::TcpStream::connect(&address).is_err(), "{address} still listens");
        }
    }
}
