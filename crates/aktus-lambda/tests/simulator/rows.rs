//! The page of failures, held to the tests that it names.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The tests that prove a row: file from the root of the repository, name of the test.
type Tests = &'static [(&'static str, &'static str)];

const ANSWERS: &str = "crates/aktus-lambda/tests/simulator/answers.rs";
const LIFE: &str = "crates/aktus-lambda/tests/simulator/life.rs";
const FAULTS: &str = "crates/aktus-lambda/tests/simulator/faults.rs";
const REQUESTS: &str = "crates/aktus-lambda/tests/requests.rs";
const JOBS: &str = "crates/aktus-lambda/tests/jobs.rs";
const PROCESS: &str = "crates/aktus-lambda/tests/process.rs";
const OVERLAP: &str = "crates/aktus-bootstrap/tests/overlap.rs";
const RESPOND: &str = "crates/aktus-lambda/src/respond/mod.rs";
const EVENTS: &str = "crates/aktus-lambda/tests/events.rs";
const TEMPLATE: &str = "crates/aktus-template/tests/platform.rs";

/// Number, what goes wrong, what comes of it, where it is proven.
const ROWS: [(&str, &str, &str, Tests); 32] = [
    (
        "C1",
        "no answer",
        "exactly one answer before the function's time is over; the simulator judges it in every test",
        &[
            (ANSWERS, "the_platform_is_created_updated_and_deleted"),
            (ANSWERS, "a_worker_that_hangs_is_killed_before_the_time_is_over"),
        ],
    ),
    (
        "C2",
        "wrong properties",
        "one FAILED that names every property, the nearest right name and the rule",
        &[
            (ANSWERS, "wrong_properties_are_named_with_the_right_ones"),
            (JOBS, "every_property_that_is_wrong_is_named_at_once"),
        ],
    ),
    (
        "C3",
        "an event of the wrong shape",
        "FAILED that names the field; without an address an error in the log",
        &[(ANSWERS, "a_malformed_event_is_answered"), (REQUESTS, "a_malformed_event_is_answered_when_it_says_where")],
    ),
    (
        "C4",
        "a panic",
        "the working process ends with exit code 101, and the function answers FAILED with the last step",
        &[
            (PROCESS, "every_death_is_noticed_at_once_and_told"),
            (REQUESTS, "work_that_ends_without_a_word_is_answered"),
        ],
    ),
    (
        "C5",
        "stack overflow, no memory, a signal",
        "FAILED within 5 s that says which and the last step",
        &[
            (ANSWERS, "a_killed_worker_is_answered_within_five_seconds"),
            (ANSWERS, "a_chart_that_wants_too_much_is_refused"),
            (ANSWERS, "a_worker_without_memory_is_answered"),
            (PROCESS, "every_death_is_noticed_at_once_and_told"),
        ],
    ),
    (
        "C6",
        "the whole sandbox dies",
        "Lambda's record of the failure comes to the same function, which answers FAILED",
        &[
            (ANSWERS, "a_sandbox_that_dies_is_answered_by_the_next"),
            (REQUESTS, "the_record_of_a_run_that_died_is_answered_and_never_fails"),
            (TEMPLATE, "a_run_that_died_is_answered_by_the_function_itself"),
        ],
    ),
    (
        "C7",
        "the function's time is over",
        "the work is stopped, a hanging one killed; FAILED with seconds, last step and how many objects are ready",
        &[
            (ANSWERS, "objects_that_are_never_ready_end_with_the_time"),
            (ANSWERS, "a_worker_that_hangs_is_killed_before_the_time_is_over"),
        ],
    ),
    (
        "C8",
        "work longer than 15 minutes",
        "the function goes on in at most three more runs, and the last one answers",
        &[
            (ANSWERS, "work_that_takes_longer_than_a_run_goes_on_in_the_next"),
            (ANSWERS, "a_cluster_that_never_becomes_active_ends_after_four_runs"),
            (REQUESTS, "unfinished_work_goes_on_in_another_run_three_times"),
        ],
    ),
    (
        "C9",
        "an answer above 4,096 bytes",
        "reason and data are cut between characters; the end of the reason and all names of the data stay",
        &[(RESPOND, "every_answer_fits"), (RESPOND, "the_end_of_the_reason_stays")],
    ),
    (
        "C10",
        "details of the signed PUT",
        "path and query byte for byte, empty content type, no redirect, no proxy",
        &[(REQUESTS, "a_create_installs_and_says_so_once"), (ANSWERS, "the_platform_is_created_updated_and_deleted")],
    ),
    (
        "C11",
        "the address answers 5xx, slowly or not at all",
        "five tries; 403 and other refusals end at once, with an error in the log",
        &[
            (ANSWERS, "an_answer_that_is_not_taken_is_sent_again"),
            (ANSWERS, "an_address_that_expired_is_an_error_in_the_log"),
            (REQUESTS, "an_answer_is_tried_again_while_that_makes_sense"),
        ],
    ),
    (
        "C12",
        "the physical id",
        "told from stack, cluster, namespace and release before anything is touched, and stable",
        &[
            (ANSWERS, "the_platform_is_created_updated_and_deleted"),
            (REQUESTS, "an_update_keeps_the_id_unless_the_installation_changes"),
        ],
    ),
    (
        "C13",
        "the id changes",
        "only with the installation; a predecessor's id is kept, and what goes by another name now stays",
        &[
            (LIFE, "another_namespace_is_another_installation"),
            (LIFE, "a_predecessors_id_stays_so_that_nothing_is_deleted"),
            (JOBS, "an_id_that_is_not_ours_removes_what_the_leases_tell"),
        ],
    ),
    (
        "C14",
        "Delete after a Create that failed",
        "everything that was created is gone, wherever it failed",
        &[(LIFE, "a_create_that_fails_anywhere_is_rolled_back")],
    ),
    (
        "C15",
        "Delete with an id nobody gave",
        "what belongs to this resource of this stack is found by its Lease and deleted, nothing else",
        &[
            (LIFE, "a_create_that_is_cancelled_leaves_nothing"),
            (LIFE, "what_another_stack_installed_is_left_alone"),
            (JOBS, "an_id_that_is_not_ours_removes_what_the_leases_tell"),
        ],
    ),
    (
        "C16",
        "Delete while the Create runs",
        "the Delete marks the Lease, the Create writes nothing more and ends FAILED, then everything is deleted",
        &[
            (LIFE, "a_create_that_is_cancelled_leaves_nothing"),
            (OVERLAP, "whatever_a_removal_interrupts_is_removed"),
            (OVERLAP, "the_platform_itself_is_removed_while_it_is_installed"),
        ],
    ),
    (
        "C17",
        "the same request twice",
        "the work is done once; the second delivery gets the answer that the Lease keeps",
        &[
            (LIFE, "the_same_delivery_twice_is_worked_on_once"),
            (OVERLAP, "the_same_request_three_times_is_worked_on_once"),
        ],
    ),
    (
        "C18",
        "Update back after a failed Update",
        "accepted like any other Update",
        &[(LIFE, "an_update_that_fails_is_taken_back")],
    ),
    (
        "C19",
        "rollback without a cluster",
        "FAILED with the cause; continued later, it succeeds",
        &[(LIFE, "a_rollback_without_a_cluster_can_be_continued")],
    ),
    (
        "C20",
        "Delete, and the cluster is gone",
        "SUCCESS that says so",
        &[(LIFE, "a_cluster_that_is_gone_has_nothing_to_delete")],
    ),
    (
        "C21",
        "Delete, and the cluster lets nobody in",
        "FAILED with the cause and the command to run; with `OnUnreachable: Abandon` SUCCESS with a list",
        &[
            (LIFE, "a_cluster_that_lets_nobody_in_has_five_messages_and_a_way_out"),
            (JOBS, "a_removal_without_a_cluster"),
        ],
    ),
    (
        "C22",
        "a finalizer holds the deletion",
        "FAILED that names object and finalizer, which is left alone",
        &[(LIFE, "a_finalizer_that_holds_the_deletion_is_named")],
    ),
    (
        "C23",
        "the stack deletes in the wrong order",
        "the custom resource depends on everything it uses",
        &[(TEMPLATE, "auto_mode_is_the_default"), (TEMPLATE, "traditional_mode_orders_its_add_ons_around_the_nodes")],
    ),
    (
        "C24",
        "killed between any two steps",
        "invoked again it succeeds; deleted, nothing is left",
        &[
            (FAULTS, "killed_at_every_step_and_invoked_again_it_succeeds"),
            (FAULTS, "killed_at_every_step_and_deleted_nothing_is_left"),
        ],
    ),
    (
        "C25",
        "AWS throttles",
        "tried again within the time; afterwards FAILED that names the action",
        &[(FAULTS, "throttling_passes"), (FAULTS, "throttling_without_end_is_a_failure_that_names_the_action")],
    ),
    (
        "C26",
        "AWS denies",
        "FAILED at once that names action and resource",
        &[(FAULTS, "a_missing_permission_is_named")],
    ),
    (
        "C27",
        "secrets",
        "in no log, answer, argument or temporary file; every test of the simulator looks for them",
        &[
            (ANSWERS, "a_killed_worker_is_answered_within_five_seconds"),
            (FAULTS, "a_key_that_is_no_text_is_named_and_not_shown"),
            (PROCESS, "only_log_lines_reach_the_log"),
        ],
    ),
    (
        "C28",
        "a bad environment at the start",
        "nothing is made before the first event; it is answered, but for a system without certificate authorities, where the log says so",
        &[(FAULTS, "a_bad_environment_is_answered")],
    ),
    (
        "C29",
        "properties of an older version",
        "every version ever released is accepted",
        &[(EVENTS, "every_event_ever_sent_is_understood")],
    ),
    (
        "C30",
        "a warm function",
        "nothing is kept from one event for the next",
        &[(FAULTS, "nothing_is_kept_from_one_stack_for_the_next")],
    ),
    (
        "C31",
        "a wrong clock",
        "all time limits are measured by a clock that cannot be set; a token from a wrong clock is a 401 whose message names the clock",
        &[(FAULTS, "a_token_of_a_wrong_clock_is_a_refusal_that_names_the_clock")],
    ),
    (
        "C32",
        "a private endpoint",
        "FAILED that says the endpoint is private and the function needs a VPC configuration",
        &[(FAULTS, "a_private_endpoint_that_does_not_answer_is_called_private")],
    ),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The table as the page has it.
fn table() -> String {
    let mut table =
        String::from("| row | what goes wrong | what comes of it | where it is proven |\n|---|---|---|---|\n");
    for (row, mode, outcome, tests) in &ROWS {
        let named = tests.iter().map(|(file, test)| {
            let place = file.rsplit("/tests/").next().unwrap_or(file);
            format!("`{test}` ({place})")
        });
        let proof = named.collect::<Vec<_>>().join(", ");
        let _ = writeln!(table, "| {row} | {mode} | {outcome} | {proof} |");
    }
    table
}

#[test]
fn the_page_names_every_row_as_the_tests_do() {
    let page = root().join("docs/custom-resource-failures.md");
    let text = std::fs::read_to_string(&page).expect("the page");
    let begin = text.find("| row |").expect("a table");
    let table = table();
    if std::env::var_os("AKTUS_WRITE").is_some() {
        std::fs::write(&page, format!("{}{table}", &text[..begin])).expect("a page");
        return;
    }
    assert_eq!(&text[begin..], table, "write it anew with AKTUS_WRITE=1");
}

#[test]
fn every_test_that_is_named_exists() {
    for (index, (row, .., tests)) in ROWS.iter().enumerate() {
        assert_eq!(*row, format!("C{}", index + 1));
        assert!(!tests.is_empty(), "{row} is proven by nothing");
        for (file, test) in *tests {
            let text = std::fs::read_to_string(root().join(file)).unwrap_or_default();
            assert!(text.contains(&format!("fn {test}(")), "{row}: {file} has no {test}");
        }
    }
}

#[test]
fn a_panic_unwinds_in_every_profile() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("the manifest");
    assert!(!manifest.contains("panic = \"abort\""), "the function answers after a panic");
}
