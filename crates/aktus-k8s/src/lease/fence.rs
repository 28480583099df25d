//! May this run still write? Asked before every write, so that a run that lost its lease, or was asked to stop,
//! writes nothing more.
//!
//! A write keeps a [`Pass`] until it is answered. Closing the fence waits for the passes that are out, so that
//! after it no write of this run is under way.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::time::Instant;

use super::{LOOK_AGAIN, Lease, STOP_ANNOTATION, State};
use crate::client::Cluster;
use crate::error::{ApiError, Call};
use crate::id::ObjectId;

/// Why a run may write no longer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Closed {
    /// Somebody asked the holder to stop.
    #[error("`{by}` asked this run to stop")]
    Stopped {
        /// Who asked.
        by: String,
    },
    /// Somebody else holds the lease, or nobody does.
    #[error("the lease is held by `{holder}` now")]
    Lost {
        /// Who holds it; empty if nobody does.
        holder: String,
    },
}

/// The right to write, until it is dropped.
pub(crate) type Pass<'a> = RwLockReadGuard<'a, ()>;

/// Lets writes through while a lease is held and nobody asked its holder to stop.
pub struct Fence {
    /// Without a fence of its own.
    cluster: Cluster,
    lease: ObjectId,
    holder: String,
    gate: RwLock<()>,
    seen: Mutex<Seen>,
}

#[derive(Clone, Debug)]
struct Seen {
    at: Instant,
    closed: Option<Closed>,
}

impl fmt::Debug for Fence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Fence")
            .field("lease", &self.lease)
            .field("holder", &self.holder)
            .finish_non_exhaustive()
    }
}

impl Fence {
    /// A fence around what `lease` protects. `cluster` is asked about the lease and must have no fence itself.
    pub fn new(cluster: &Cluster, lease: &Lease) -> Self {
        let closed = lease.stop_requested().map(|by| Closed::Stopped { by: by.to_owned() });
        Self {
            cluster: cluster.clone(),
            lease: lease.id(),
            holder: lease.holder().to_owned(),
            gate: RwLock::default(),
            seen: Mutex::new(Seen { at: Instant::now(), closed }),
        }
    }

    /// Why no write is let through any more, as far as was seen.
    pub fn closed(&self) -> Option<Closed> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).closed.clone()
    }

    /// Looks at the lease. Errs only when the cluster cannot be asked.
    pub async fn look(&self, until: Instant) -> Result<Option<Closed>, ApiError> {
        if let Some(closed) = self.closed() {
            return Ok(Some(closed));
        }
        let at = Instant::now();
        let live = self.cluster.get(&self.lease, until).await?;
        let closed = match &live {
            None => Some(Closed::Lost { holder: String::new() }),
            Some(live) => {
                let holder = State::read(live).holder;
                if holder == self.holder {
                    live.annotation(STOP_ANNOTATION).map(|by| Closed::Stopped { by: by.to_owned() })
                } else {
                    Some(Closed::Lost { holder: holder.to_owned() })
                }
            }
        };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.at = seen.at.max(at);
        if seen.closed.is_none() {
            seen.closed.clone_from(&closed);
        }
        Ok(closed)
    }

    /// Waits until no write is under way, and lets none through while the guard lives.
    pub async fn quiet(&self) -> RwLockWriteGuard<'_, ()> {
        self.gate.write().await
    }

    /// The right to write; looks at the lease first if the last look is a while ago.
    pub(crate) async fn pass(&self, call: &Call, until: Instant) -> Result<Pass<'_>, ApiError> {
        let pass = self.gate.read().await;
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let closed = if seen.closed.is_none() && seen.at.elapsed() >= LOOK_AGAIN {
            self.look(until).await?
        } else {
            seen.closed
        };
        match closed {
            None => Ok(pass),
            Some(closed) => Err(ApiError::Fenced { call: call.clone(), reason: closed.to_string() }),
        }
    }
}
