//! One call of a component: a fresh store and instance, every limit in force before it starts.

use super::{
    bindings::{
        about::exports::arborist::runner::about as guest_about,
        runner::arborist::runner::runner_types as guest,
    },
    component::Component,
    cpu::CpuAccount,
    events::{Observer, Usage, Voice},
    state::RunState,
    stop::{self, OutOfCpu, Stop},
    streaming,
};
use crate::{
    gateway::{CallEnd, Session},
    limits::{Limit, Limits},
};
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::time::Instant;
use wasmtime::{Store, UpdateDeadline};

/// What a guest may pass in one call besides the largest value itself: names, headers, parameters.
const BESIDES: usize = 256 * 1024;
/// The longest text of a guest's error that is kept, in bytes.
const ERROR_TEXT: usize = 4 * 1024;

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

/// What a runner reports as its own failure. Texts are the guest's, cut to 4 KiB: escape them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunnerError {
    /// The configuration is not usable.
    #[error("{0}")]
    InvalidConfig(String),
    /// The description, the spec or a parameter is not usable.
    #[error("the input is not usable: {0}")]
    InvalidInput(String),
    /// A service failed.
    #[error("the service failed{}: {message}{}", status.map(|s| format!(" with status {s}")).unwrap_or_default(), if *retryable { " (the same call may succeed later)" } else { "" })]
    Service {
        /// The status it answered with.
        status: Option<u16>,
        /// What went wrong.
        message: String,
        /// Whether the same call may succeed later.
        retryable: bool,
    },
    /// A service answered with something else than was asked for.
    #[error("the service's answer is not usable: {0}")]
    InvalidResponse(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
    /// The runner does not do this.
    #[error("the runner does not do this")]
    Unsupported,
}

impl RunnerError {
    /// Its name in the contract.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::InvalidConfig(_) => "invalid-config",
            Self::InvalidInput(_) => "invalid-input",
            Self::Service { .. } => "service",
            Self::InvalidResponse(_) => "invalid-response",
            Self::Other(_) => "other",
            Self::Unsupported => "unsupported",
        }
    }

    /// The same error with its text as `change` makes it.
    #[must_use]
    pub fn map_text(self, change: impl Fn(&str) -> String) -> Self {
        match self {
            Self::InvalidConfig(text) => Self::InvalidConfig(change(&text)),
            Self::InvalidInput(text) => Self::InvalidInput(change(&text)),
            Self::InvalidResponse(text) => Self::InvalidResponse(change(&text)),
            Self::Other(text) => Self::Other(change(&text)),
            Self::Unsupported => Self::Unsupported,
            Self::Service {
                status,
                message,
                retryable,
            } => Self::Service {
                status,
                message: change(&message),
                retryable,
            },
        }
    }
}

/// What a runner says about itself. Texts are the guest's: escape them.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RunnerInfo {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it does.
    pub description: String,
    /// The fields that it reads.
    pub config: Vec<ConfigField>,
}

/// A configuration field that a runner reads.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ConfigField {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whether the runner cannot work without it.
    pub required: bool,
    /// Whether it is a secret.
    pub secret: bool,
    /// The value that the runner uses where it is absent.
    pub default: Option<String>,
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

    /// A store with everything that bounds a guest already in force.
    fn store(&self, call: &Call, cpu: &CpuAccount) -> Store<RunState> {
        let limits = &call.limits;
        let voice = Voice::new(Arc::clone(&call.observer), limits, call.session.clone());
        let state = RunState::new(
            limits,
            voice,
            call.session.clone(),
            Arc::clone(&call.config),
        );
        let mut store = Store::new(&self.parts.inner, state);
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

/// Cuts a guest's text at a character's end.
fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(ERROR_TEXT));
    text
}

impl From<guest::RunnerError> for RunnerError {
    fn from(error: guest::RunnerError) -> Self {
        match error {
            guest::RunnerError::InvalidConfig(text) => Self::InvalidConfig(cut(text)),
            guest::RunnerError::InvalidInput(text) => Self::InvalidInput(cut(text)),
            guest::RunnerError::InvalidResponse(text) => Self::InvalidResponse(cut(text)),
            guest::RunnerError::Other(text) => Self::Other(cut(text)),
            guest::RunnerError::Unsupported => Self::Unsupported,
            guest::RunnerError::Service(failure) => Self::Service {
                status: failure.status,
                message: cut(failure.message),
                retryable: failure.retryable,
            },
        }
    }
}

impl From<guest_about::RunnerInfo> for RunnerInfo {
    fn from(info: guest_about::RunnerInfo) -> Self {
        let fields = info.config.into_iter().take(256);
        Self {
            name: cut(info.name),
            version: cut(info.version),
            description: cut(info.description),
            config: fields
                .map(|field| ConfigField {
                    name: cut(field.name),
                    description: cut(field.description),
                    required: field.required,
                    secret: field.secret,
                    default: field.default.map(cut),
                })
                .collect(),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::bindings::about::arborist::runner::runner_types::ConfigField as Field;

    #[test]
    fn the_text_of_an_error_is_cut_at_a_character() {
        let long = "ä".repeat(ERROR_TEXT);
        let RunnerError::Other(text) = guest::RunnerError::Other(long).into() else {
            panic!("another error")
        };
        assert_eq!(text, "ä".repeat(ERROR_TEXT / 2));
    }

    #[test]
    fn what_a_runner_says_of_itself_is_bounded() {
        let long = || "x".repeat(ERROR_TEXT + 1);
        let field = Field {
            name: long(),
            description: long(),
            required: false,
            secret: false,
            default: Some(long()),
        };
        let info = RunnerInfo::from(guest_about::RunnerInfo {
            name: long(),
            version: long(),
            description: long(),
            config: vec![field; 300],
        });
        assert_eq!(info.config.len(), 256);
        let first = &info.config[0];
        let texts = [&info.name, &info.version, &info.description];
        let texts = texts.into_iter().chain([&first.name, &first.description]);
        for text in texts.chain(&first.default) {
            assert_eq!(text.len(), ERROR_TEXT);
        }
    }
}
