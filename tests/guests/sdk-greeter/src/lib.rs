use arborist_sdk::{Error, Info, Request, Runner, SpecText, Step, TaskSpec};

struct Greeter;

impl Runner for Greeter {
    fn describe() -> Info {
        let version = env!("CARGO_PKG_VERSION");
        Info::new("greeter", version, "Greets, whatever it is asked for")
    }

    fn generate_task_spec(_: &Request) -> Result<SpecText, Error> {
        let spec = TaskSpec::new("greeting", "Says hello").step(Step::new("greet", "echo hello"));
        Ok(spec.into())
    }
}

arborist_sdk::export!(Greeter);
