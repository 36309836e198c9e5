//! One call of a component: a fresh store and instance, every limit in force before it starts.

use super::{
    bindings::runner::arborist::runner::runner_types as guest,
    component::Component,
    cpu::CpuAccount,
    events::{Observer, Usage, Voice},
    memory::SumLimiter,
    report::{RunnerError, RunnerInfo},
    state::RunState,
    stop::{self, OutOfCpu, Stop},
    streaming,
};
use crate::{
    gateway::{CallEnd, Session},
    limits::{Limit, Limits},
};
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::{sync::SemaphorePermit, time::Instant};
use wasmtime::{Store, UpdateDeadline};

/// What a guest may pass in one call besides the largest value itself: names, headers, parameters.
const BESIDES: usize = 256 * 1024;

/// What one call may use.
#[derive(Clone)]
pub struct Call {
    /// Its limits.
    pub limits: Limits,
    /// What it reads from its configuration store.
    pub config: Arc<[(String, String)]>,
    /// Its gateway.
    pub session: Session,
    /// Takes what it says.
    pub observer: Arc<dyn Observer>,
    /// When it is ended, whatever it does.
    pub deadline: Instant,
    /// The time that `deadline` was set from, for the message.
    pub time: Duration,
}

/// A keyword option of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// How a call ends without a result.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The sandbox stopped it.
    #[error("{stop}")]
    Stopped {
        /// Why.
        stop: Stop,
        /// The guest's stack at a trap, innermost first.
        frames: Vec<String>,
    },
    /// The runner reports a failure.
    #[error("{0}")]
    Runner(RunnerError),
}

/// What a call asks for.
#[derive(Clone, Copy)]
enum Operation<'a> {
    TaskSpec(&'a str, &'a [guest::Parameter]),
    DaguConfig(&'a str, &'a [guest::Parameter]),
}

impl Component {
    /// Asks for a task spec, by `generate-streaming` where the component exports it.
    ///
    /// # Errors
    /// The sandbox stopped the run, or the runner reports a failure.
    pub async fn generate_task_spec(
        &self,
        call: &Call,
        description: &str,
        parameters: &[Parameter],
    ) -> Result<String, CallError> {
        self.generate(call, Operation::TaskSpec(description, &lower(parameters)))
            .await
    }

    /// Asks for a DAG.
    ///
    /// # Errors
    /// The sandbox stopped the run, or the runner reports a failure; [`RunnerError::Unsupported`] leaves it
    /// to the host.
    pub async fn generate_dagu_config(
        &self,
        call: &Call,
        spec: &str,
        parameters: &[Parameter],
    ) -> Result<String, CallError> {
        self.generate(call, Operation::DaguConfig(spec, &lower(parameters)))
            .await
    }

    /// Asks what the runner is, in a fresh instance and whatever was remembered; see [`Component::describe`].
    ///
    /// # Errors
    /// The sandbox stopped the run.
    pub async fn ask_about(&self, call: &Call) -> Result<Option<RunnerInfo>, CallError> {
        let Some(about) = &self.about else {
            return Ok(None);
        };
        let info = self
            .bounded(call, async |store| {
                let described = about.instantiate_async(&mut *store).await?;
                described.arborist_runner_about().call_describe(store).await
            })
            .await?;
        Ok(Some(info.into()))
    }

    async fn generate(&self, call: &Call, operation: Operation<'_>) -> Result<String, CallError> {
        let answer = self
            .bounded(call, async |store| {
                if let (Some(streaming), Operation::TaskSpec(description, parameters)) =
                    (&self.streaming, operation)
                {
                    return streaming::task_spec(streaming, store, description, parameters).await;
                }
                let runner = self.runner.instantiate_async(&mut *store).await?;
                let generate = runner.arborist_runner_generate();
                match operation {
                    Operation::TaskSpec(description, parameters) => {
                        generate
                            .call_generate_task_spec(store, description, parameters)
                            .await
                    }
                    Operation::DaguConfig(spec, parameters) => {
                        generate
                            .call_generate_dagu_config(store, spec, parameters)
                            .await
                    }
                }
            })
            .await?;
        let text = answer.map_err(|error| CallError::Runner(error.into()))?;
        let bound = call.limits.get(Limit::Output);
        if text.len() as u64 > bound {
            let detail = format!(
                "{} allowed, {} returned",
                Limit::Output.show(bound),
                Limit::Output.show(text.len() as u64)
            );
            let stop = Stop::Limit {
                limit: Limit::Output,
                detail,
            };
            return Err(CallError::Stopped {
                stop,
                frames: Vec::new(),
            });
        }
        Ok(text)
    }

    /// Runs `body` with a fresh store under the limits of `call`.
    async fn bounded<T>(
        &self,
        call: &Call,
        body: impl AsyncFnOnce(&mut Store<RunState>) -> wasmtime::Result<T>,
    ) -> Result<T, CallError> {
        let _turn = self.turn(call).await?;
        let cpu = CpuAccount::open();
        let mut store = self.store(call, &cpu);
        let ended = {
            let work = pin!(cpu.charge(body(&mut store)));
            // After the work, so that it is dropped first where all of this is.
            let under_way = call.session.call();
            let ended = tokio::time::timeout_at(call.deadline, work).await;
            under_way.ended(match &ended {
                Ok(Ok(_)) => CallEnd::Returned,
                Ok(Err(_)) => CallEnd::Stopped,
                Err(_elapsed) => CallEnd::Deadline,
            });
            ended
        };
        let state = store.data();
        state.voice.finish();
        state.voice.used(Usage {
            memory: state.limiter.memory(),
            cpu: cpu.spent(),
        });
        match ended {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(CallError::Stopped {
                stop: stop::reason(&error, &store),
                frames: stop::frames(&error),
            }),
            Err(_elapsed) => Err(CallError::Stopped {
                stop: Stop::late(call.time, store.data()),
                frames: Vec::new(),
            }),
        }
    }

    /// Waits until there is room for one more instance, where a pool bounds them.
    async fn turn(&self, call: &Call) -> Result<Option<SemaphorePermit<'_>>, CallError> {
        let Some(slots) = &self.backend.slots else {
            return Ok(None);
        };
        let began = Instant::now();
        let turn = tokio::time::timeout_at(call.deadline, slots.turn(self.slots)).await;
        turn.map_err(|_elapsed| CallError::Stopped {
            stop: Stop::Full {
                waited: began.elapsed(),
                needed: self.slots,
                all: slots.all(),
            },
            frames: Vec::new(),
        })
    }

    /// A store with everything that bounds a guest already in force.
    fn store(&self, call: &Call, cpu: &CpuAccount) -> Store<RunState> {
        let limits = &call.limits;
        let voice = Voice::new(Arc::clone(&call.observer), limits, call.session.clone());
        let state = RunState::new(
            limits,
            SumLimiter::new(limits, self.backend.table_slot_end()),
            voice,
            call.session.clone(),
            Arc::clone(&call.config),
        );
        let mut store = Store::new(&self.backend.inner, state);
        store.limiter(|state| &mut state.limiter);
        let largest = limits.size(Limit::Output).max(limits.size(Limit::Request));
        store.set_hostcall_fuel(largest.saturating_add(BESIDES));
        store.set_max_component_handles(limits.size(Limit::Handles));
        if let Some(table) = store.concurrent_resource_table() {
            table.set_max_capacity(limits.size(Limit::Resources));
        }
        let bound = limits.cpu();
        let cpu = cpu.clone();
        store.epoch_deadline_callback(move |_| {
            let spent = cpu.spent();
            if spent >= bound {
                return Err(OutOfCpu { spent, bound }.into());
            }
            Ok(UpdateDeadline::Yield(1))
        });
        store.set_epoch_deadline(1);
        store
    }
}

fn lower(parameters: &[Parameter]) -> Vec<guest::Parameter> {
    parameters
        .iter()
        .map(|parameter| guest::Parameter {
            name: parameter.name.clone(),
            value: parameter.value.clone(),
        })
        .collect()
}

impl std::fmt::Debug for Call {
    /// Without the configuration, which may hold what nobody should read.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call")
            .field("limits", &self.limits)
            .field("time", &self.time)
            .finish_non_exhaustive()
    }
}
