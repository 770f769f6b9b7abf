//! What handlers and background tasks share: the world behind its lock, the clock, and the ways to change one by the other.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Json;
use serde_json::Value;
use tokio::sync::Notify;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    clock::{Clock, Moment},
    config::Config,
    engine,
    error::Error,
    fault::Fault,
    fingerprint,
    operation::{Failure, Finish, Operation, Subject},
    persist::Saves,
    reference,
    rest::{call::Call, weather::Debts},
    vm::identity::Issuer,
    world::{Replay, World},
};

#[derive(Debug, Clone)]
pub(crate) struct App(Arc<Shared>);

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) issuer: Issuer,
    /// The engine has something to look at.
    pub(crate) wake: Notify,
    /// There is something to save.
    pub(crate) dirty: Notify,
    pub(crate) saves: Saves,
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
    world: Mutex<World>,
    debts: Mutex<Debts>,
}

impl std::ops::Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl App {
    pub(crate) fn new(
        config: Config,
        clock: Clock,
        issuer: Issuer,
        world: World,
        stop: CancellationToken,
    ) -> Self {
        Self(Arc::new(Shared {
            config,
            clock,
            issuer,
            wake: Notify::new(),
            dirty: Notify::new(),
            saves: Saves::default(),
            tasks: TaskTracker::new(),
            stop,
            world: Mutex::new(world),
            debts: Mutex::default(),
        }))
    }

    /// Locked after the world, if both are.
    pub(crate) fn debts(&self) -> MutexGuard<'_, Debts> {
        self.debts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state. A panic elsewhere does not make it unreadable: each change is checked before it begins.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Carries out a mutating call: replays it if its request id is known, else does `work` and hands out an operation.
    pub(crate) fn change(
        &self,
        call: &Call,
        work: impl FnOnce(&mut World, Moment) -> Result<Subject, Error>,
    ) -> Result<Json<Value>, Error> {
        let now = self.clock.now();
        let mut world = self.world();
        let request = call.request_id()?;
        let key = request.as_ref().map(|id| format!("{}/{id}", reference::project(call.path())));
        let digest = fingerprint::digest(&call.text());
        if let Some(replay) = key.as_ref().and_then(|key| world.replays.get(key)) {
            if replay.request != digest {
                return Err(Error::invalid(
                    "requestId",
                    request.unwrap_or_default(),
                    "It was used for a different request.",
                ));
            }
            if let Some(operation) = world.operations.get(&replay.operation) {
                return Ok(Json(operation.view(now)));
            }
        }
        let failure = world.active_faults().find_map(|fault| match fault {
            Fault::Operation { code, message, status, calls } if calls.hit(call.method(), call.path()) => {
                Some(Failure { status: *status, code: code.clone(), message: message.clone() })
            }
            _ => None,
        });
        let subject = match &failure {
            // Taken, and nothing comes of it: the work is done on a world that is thrown away.
            Some(_) => {
                let subject = work(&mut world.clone(), now)?;
                Subject { finish: Finish::Stored, ..subject }
            }
            None => work(&mut world, now)?,
        };
        let latency = self.config.latencies.operation;
        let real = self.clock.real(latency);
        let mut operation = Operation::new(subject, request, now, latency, real, &mut world.dice);
        operation.failure = failure;
        let view = operation.view(now);
        tracing::debug!(operation = operation.path, path = call.path(), "stored");
        if let Some(key) = key {
            world.replays.insert(key, Replay { request: digest, operation: operation.path.clone() });
        }
        engine::attach_operation(&mut world, &operation);
        world.operations.insert(operation.path.clone(), operation);
        world.forget_old_operations(now);
        engine::step(&mut world, now, &self.config);
        drop(world);
        self.wake.notify_one();
        self.dirty.notify_one();
        Ok(Json(view))
    }
}
