//! Events as every released version of the template has CloudFormation send them.

use std::path::PathBuf;

use aktus_bootstrap::Request;
use aktus_lambda::event::Event;
use aktus_lambda::identity::Identity;

#[test]
fn every_event_ever_sent_is_understood() {
    let mut events = 0;
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/events"));
    for version in std::fs::read_dir(folder).unwrap().flatten() {
        for file in std::fs::read_dir(version.path()).unwrap().flatten() {
            let text = std::fs::read(file.path()).unwrap();
            let event = Event::read(serde_json::from_slice(&text).unwrap()).unwrap();
            let place = file.path();
            assert_eq!(event.problems, [] as [String; 0], "{}", place.display());
            Request::from_properties(event.properties()).unwrap_or_else(|problems| panic!("{problems:?}"));
            let wanted = Identity::of(event.stack_id(), event.properties());
            if let Some(id) = &event.physical_resource_id {
                assert_eq!(Identity::parse(id, event.stack_id()), Some(wanted), "{}", place.display());
            }
            events += 1;
        }
    }
    assert!(events >= 3);
}
