use arborist_sdk::{
    Error, Info, Pieces, Request, Runner, SpecText, Step, StreamingRunner, TaskSpec,
};

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

impl StreamingRunner for Greeter {
    async fn stream_task_spec(request: Request, mut pieces: Pieces) -> Result<SpecText, Error> {
        pieces.show("thinking of a greeting").await;
        Self::generate_task_spec(&request)
    }
}

arborist_sdk::export_streaming!(Greeter);
