//! Runs that meet: a removal while the installation runs, the same request twice, a request of somebody else.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;

use aktus_bootstrap::{
    Access, ChartSource, Deadline, Event, Refusal, Report, Request, Settlement, Silent, Ticket, World, bootstrap,
    cancel, destroy,
};
use aktus_k8s::{ConnectOptions, Endpoint};
use aktus_sandbox::{Clock, Options, Sandbox};
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::Notify;

/// How many moments of an installation a removal begins at. Set `AKTUS_INTERLEAVINGS` for more.
const INTERLEAVINGS: usize = 40;

struct Town {
    sandbox: Sandbox,
    request: Request,
}

async fn town() -> Town {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| rustls::crypto::aws_lc_rs::default_provider().install_default().expect("one provider"));
    let sandbox = Sandbox::start(Options::new(Clock::new(Timestamp::now))).await.expect("a sandbox");
    let mut request = Request::new("fs-0123456789abcdef0");
    request.chart = None;
    // Looks at the Lease every third of it.
    request.lease_duration = Duration::from_millis(90);
    Town { sandbox, request }
}

/// Makes every holder another one.
static RUN: AtomicUsize = AtomicUsize::new(0);

fn settle(report: &Report) -> Settlement {
    match (&report.refusal, report.failure()) {
        (None, None) => Settlement::Answered("installed".to_owned()),
        (_, failure) => Settlement::Answered(failure.map(|(_, failure)| failure.cause.clone()).unwrap_or_default()),
    }
}

impl Town {
    fn world(&self, request: &str, owner: &str, settle: fn(&Report) -> Settlement) -> World {
        let endpoint = Endpoint::Kubeconfig { text: self.sandbox.kubeconfig(), context: None };
        let ticket = Ticket {
            owner: owner.to_owned(),
            name: "id-1".to_owned(),
            confirmed: false,
            request: request.to_owned(),
            continues: false,
            began: Timestamp::now(),
            settle: Arc::new(settle),
        };
        World {
            access: Access::Direct(ConnectOptions::new(endpoint)),
            clock: Arc::new(Timestamp::now),
            holder: format!("{request} run {}", RUN.fetch_add(1, Ordering::Relaxed)),
            ticket: Some(Arc::new(ticket)),
            ..World::offline()
        }
    }

    async fn install(&self, world: &World, reporter: &dyn aktus_bootstrap::Reporter) -> Report {
        bootstrap(&self.request, world, deadline(), reporter, std::future::pending()).await
    }

    /// As for an id that nobody gave: only what the owner's Leases tell is removed.
    async fn remove(&self, request: &str, owner: &str) -> Option<Report> {
        let world = self.world(request, owner, |report| match report.failure() {
            None => Settlement::Forget,
            Some(_) => Settlement::Open,
        });
        let found = cancel(&self.request, &world, deadline(), &Silent, owner).await.expect("an answer");
        if found.is_empty() {
            return None;
        }
        Some(destroy(&self.request, &world, deadline(), &Silent, std::future::pending()).await)
    }

    /// What clients have created and is still there, Leases and all.
    fn standing(&self) -> Vec<String> {
        let objects = self.sandbox.kubernetes().objects();
        let text = |object: &Value, pointer: &str| {
            object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let live: Vec<_> = objects
            .iter()
            .map(|object| (text(object, "/kind"), text(object, "/metadata/namespace"), text(object, "/metadata/name")))
            .collect();
        let created = self.sandbox.kubernetes().created();
        let created = created.into_iter().map(|id| (id.kind, id.namespace.unwrap_or_default(), id.name));
        let mut standing: Vec<_> = created
            .filter(|id| live.contains(id))
            .map(|(kind, namespace, name)| format!("{kind}/{namespace}/{name}"))
            .collect();
        standing.sort();
        standing.dedup();
        standing
    }

    /// Writes that were carried out, but for those of Leases.
    fn writes(&self) -> usize {
        let requests = self.sandbox.kubernetes().requests();
        let written = requests.iter().filter(|request| {
            request.method != "GET" && !request.dry_run && !request.path.contains("/leases") && request.status < 400
        });
        written.count()
    }
}

fn deadline() -> Deadline {
    Deadline::after(Duration::from_mins(1))
}

/// A removal that begins at the `moment`th event of an installation.
async fn meet(town: &Town, moment: usize) -> (Report, Option<Report>, bool) {
    let world = town.world("r-1", "a", settle);
    let (count, begin) = (AtomicUsize::new(0), Notify::new());
    let reporter = |_: &Event| {
        if count.fetch_add(1, Ordering::Relaxed) == moment {
            begin.notify_one();
        }
    };
    let ended = std::sync::atomic::AtomicBool::new(false);
    let installed = async {
        let report = town.install(&world, &reporter).await;
        ended.store(true, Ordering::Relaxed);
        // An installation may have fewer events than that.
        begin.notify_one();
        report
    };
    let removed = async {
        begin.notified().await;
        let met = !ended.load(Ordering::Relaxed);
        (town.remove("r-2", "a").await, met)
    };
    let (installed, (removed, met)) = tokio::join!(installed, removed);
    (installed, removed, met)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_removal_interrupts_is_removed() {
    let wanted = std::env::var_os("AKTUS_INTERLEAVINGS").and_then(|text| text.to_str()?.parse().ok());
    let mut stopped = 0;
    for moment in 0..wanted.unwrap_or(INTERLEAVINGS) {
        let town = town().await;
        let (installed, removed, met) = meet(&town, moment % 60).await;
        let failure = removed.as_ref().and_then(|report| report.failure());
        assert_eq!(failure, None, "at event {moment} the removal fails");
        match (&installed.refusal, installed.failure()) {
            (None, None) => {}
            (Some(Refusal::Stopped(_)), Some(_)) => stopped += 1,
            other => panic!("at event {moment} the installation ends so: {other:?}"),
        }
        assert_eq!(town.standing(), [] as [String; 0], "at event {moment}, met: {met}");
        town.sandbox.stop().await;
    }
    assert!(stopped > 10, "only {stopped} installations were stopped");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_platform_itself_is_removed_while_it_is_installed() {
    for moment in [20, 60, 90] {
        let mut town = town().await;
        let chart = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../charts/aktus-platform"));
        town.request.chart = Some(ChartSource::Path(chart));
        let (installed, removed, met) = meet(&town, moment).await;
        assert!(met && matches!(installed.refusal, Some(Refusal::Stopped(_))), "{:?}", installed.failure());
        assert_eq!(removed.expect("something was there").failure(), None);
        assert_eq!(town.standing(), [] as [String; 0], "at event {moment}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_request_three_times_is_worked_on_once() {
    let single = town().await;
    single.install(&single.world("r-1", "a", settle), &Silent).await;
    let town = town().await;
    let worlds = [town.world("r-1", "a", settle), town.world("r-1", "a", settle), town.world("r-1", "a", settle)];
    let (first, second) = tokio::join!(town.install(&worlds[0], &Silent), town.install(&worlds[1], &Silent));
    let third = town.install(&worlds[2], &Silent).await;
    let finished = |report: &Report| matches!(&report.refusal, Some(Refusal::Finished(f)) if f.answer == "installed");
    let done = [&first, &second].iter().filter(|report| report.failure().is_none()).count();
    assert_eq!(done, 1, "{:?} {:?}", first.failure(), second.failure());
    assert!(finished(&first) || finished(&second));
    assert!(finished(&third), "{:?}", third.refusal);
    assert_eq!(town.writes(), single.writes());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_belongs_to_somebody_else_is_left_alone() {
    let town = town().await;
    let installed = town.install(&town.world("r-1", "a", settle), &Silent).await;
    assert_eq!(installed.failure(), None);
    let (standing, writes) = (town.standing(), town.writes());
    let foreign = town.install(&town.world("r-2", "b", settle), &Silent).await;
    assert_eq!(foreign.refusal, Some(Refusal::Foreign("a".to_owned())));
    assert!(foreign.objects.is_empty(), "{:?}", foreign.objects);
    let world = town.world("r-3", "b", settle);
    let removed = destroy(&town.request, &world, deadline(), &Silent, std::future::pending()).await;
    assert_eq!(removed.refusal, Some(Refusal::Foreign("a".to_owned())));
    assert_eq!((town.standing(), town.writes()), (standing, writes));
    // It finds nothing of its own, leaves word, and the word goes with the next run that it is meant for.
    assert!(town.remove("r-4", "b").await.is_none());
    assert!(town.remove("r-5", "a").await.is_some_and(|report| report.failure().is_none()));
    let late = town.install(&town.world("r-6", "b", settle), &Silent).await;
    assert_eq!(late.failure(), None, "it began after the word was left");
    assert!(town.remove("r-7", "b").await.is_some_and(|report| report.failure().is_none()));
    assert_eq!(town.standing(), [] as [String; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_goes_on_needs_the_lease_it_was_handed() {
    let town = town().await;
    let first = town.world("r-1", "a", |_| Settlement::HandOver);
    assert_eq!(town.install(&first, &Silent).await.failure(), None);
    let go_on = |world: &World| {
        let ticket = world.ticket.as_deref().cloned().map(|ticket| Ticket { continues: true, ..ticket });
        World { ticket: ticket.map(Arc::new), ..world.clone() }
    };
    let mut next = go_on(&town.world("r-1", "a", settle));
    next.holder.clone_from(&first.holder);
    assert_eq!(town.install(&next, &Silent).await.failure(), None);
    // It is free now, so whoever comes late has nothing to go on with.
    let late = town.install(&next, &Silent).await;
    assert!(matches!(late.refusal, Some(Refusal::Lost(_))), "{:?}", late.failure());
    assert!(town.remove("r-2", "a").await.is_some_and(|report| report.failure().is_none()));
    let late = town.install(&next, &Silent).await;
    assert!(matches!(late.refusal, Some(Refusal::Lost(_))), "{:?}", late.failure());
    assert_eq!(town.standing(), [] as [String; 0]);
}
