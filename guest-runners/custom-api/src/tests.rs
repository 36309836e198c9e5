use super::*;
use arborist_sdk::http::Response;
use serde_json::{Value, json};

fn body(config: &Config, parameters: &[(&str, &str)]) -> (String, Value, Option<String>) {
    let request = Request::of("Back \"up\"\n", parameters.iter().copied());
    let service = Service::from_config(config).unwrap();
    let sent = service.request(request.description(), request.model(config));
    (
        sent.url().to_owned(),
        serde_json::from_slice(sent.body_bytes().unwrap()).unwrap(),
        sent.header_value("authorization").map(str::to_owned),
    )
}

#[test]
fn the_endpoint_gets_the_prompt_and_the_key() {
    let config = Config::of([
        ("endpoint", "https://s.test/v1/generate?x=1"),
        ("api_key", "k"),
    ]);
    let (url, body, authorization) = body(&config, &[("other", "1")]);
    assert_eq!(url, "https://s.test/v1/generate?x=1");
    assert_eq!(body, json!({"prompt": "Back \"up\"\n"}));
    assert_eq!(authorization.as_deref(), Some("Bearer k"));
}

#[test]
fn the_service_gets_type_prompt_and_model_at_generate() {
    let config = Config::of([
        ("service_url", "HTTP://localhost:80/a//"),
        ("auth_token", "t"),
        ("api_key", "k"),
        ("model", "configured"),
    ]);
    let (url, body, authorization) = body(&config, &[("model", "given")]);
    assert_eq!(url, "HTTP://localhost:80/a/generate");
    assert_eq!(
        body,
        json!({"type": "task_spec", "prompt": "Back \"up\"\n", "model": "given"})
    );
    assert_eq!(authorization.as_deref(), Some("Bearer t"));
}

#[test]
fn the_other_token_does_and_none_is_none() {
    let config = Config::of([("endpoint", "https://s.test"), ("auth_token", "t")]);
    assert_eq!(body(&config, &[]).2.as_deref(), Some("Bearer t"));
    assert_eq!(
        body(&Config::of([("endpoint", "https://s.test")]), &[]).2,
        None
    );
}

#[test]
fn unusable_configurations_are_named() {
    for (entries, part) in [
        (vec![], "neither `endpoint` nor `service_url`"),
        (vec![("endpoint", " ")], "neither"),
        (
            vec![("endpoint", "https://a"), ("service_url", "https://b")],
            "both",
        ),
        (vec![("endpoint", "s.test/v1")], "`endpoint` is not usable"),
        (vec![("endpoint", "file:///etc/passwd")], "https://"),
        (vec![("service_url", "https://s.test?key=1")], "query"),
        (vec![("service_url", "é")], "`service_url`"),
    ] {
        match Service::from_config(&Config::of(entries)).map(|_| ()) {
            Err(Error::InvalidConfig(text)) => {
                assert!(text.contains(part) && !text.contains("passwd"), "{text}");
            }
            other => panic!("{part}: {other:?}"),
        }
    }
}

#[test]
fn a_url_that_cannot_be_sent_is_a_fault_of_its_field() {
    let config = Config::of([("service_url", "http://:80")]);
    let service = Service::from_config(&config).unwrap();
    let failure = |error| Failure {
        origin: "http://:80".into(),
        error,
    };
    let error = blame(
        &config,
        &service,
        failure(HttpError::InvalidRequest("no host".into())),
    );
    assert!(
        matches!(error, Error::InvalidConfig(text) if text.contains("`service_url`") && text.contains("no host"))
    );
    assert!(matches!(
        blame(&config, &service, failure(HttpError::Timeout)),
        Error::Service(_)
    ));
}

fn spec_of(body: &str) -> Result<String, String> {
    match answer::spec(&Response::of("https://s.test/x", 200, body)) {
        Ok(spec) => Ok(spec.into()),
        Err(Error::InvalidResponse(text)) => Err(text),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn the_answer_is_mapped_with_its_defaults() {
    let steps = r#"[{"name":"a","command":"x \ud83d\ude00","extra":{"y":1},"depends_on":["b"]}]"#;
    let spec: Value =
        serde_json::from_str(&spec_of(&format!("{{\"steps\":{steps}}}")).unwrap()).unwrap();
    assert_eq!(
        (&spec["name"], &spec["description"]),
        (&json!("custom-task"), &json!(""))
    );
    assert_eq!(spec["steps"][0]["extra"], json!({"y": 1}));
    let text = spec_of(&format!(
        "{{\"name\":5,\"description\":null,\"steps\":{steps},\"id\":1}}"
    ))
    .unwrap();
    assert!(
        text.contains("\"5\"") && text.contains('😀') && !text.contains("\\u"),
        "{text}"
    );
}

#[test]
fn what_the_answer_lacks_is_said() {
    for (body, part) in [
        ("", "is no JSON"),
        ("<html>", "is no JSON (line 1"),
        ("[]", "all of it is a list, not an object"),
        ("{}", "has no `steps`"),
        (r#"{"steps":null}"#, "has no `steps`"),
        (r#"{"steps":[]}"#, "empty list of `steps`"),
        (r#"{"steps":{}}"#, "`steps` is an object, not a list"),
        (r#"{"steps":["x"]}"#, "step 1 is a text, not an object"),
        (
            r#"{"steps":[{"name":"a","command":"x"},{"name":"b"}]}"#,
            "no `command` in step 2",
        ),
        (
            r#"{"steps":[{"name":null,"command":"x"}]}"#,
            "no `name` in step 1",
        ),
        (r#"{"name":[],"steps":[]}"#, "`name` is a list, not a text"),
    ] {
        let text = spec_of(body).unwrap_err();
        assert!(
            text.contains(part) && text.contains("https://s.test"),
            "{body}: {text}"
        );
    }
}

#[test]
fn the_output_is_handed_on_without_its_fence() {
    let of = |body: &str| answer::output(&Response::of("https://s.test", 200, body));
    assert_eq!(
        of(r#"{"output":"name: x\n"}"#).unwrap().as_ref(),
        "name: x\n"
    );
    assert_eq!(
        of(r#"{"output":"```yaml\nname: x\n```"}"#)
            .unwrap()
            .as_ref(),
        "name: x"
    );
    for (body, part) in [
        (r#"{"result":""}"#, "has no `output`"),
        (r#"{"output":" "}"#, "empty `output`"),
        (r#"{"output":{}}"#, "`output` is an object, not a text"),
    ] {
        assert!(
            matches!(of(body), Err(Error::InvalidResponse(text)) if text.contains(part)),
            "{body}"
        );
    }
}

#[test]
fn the_description_declares_every_field_that_is_read() {
    let fields: Vec<String> = Custom::describe().fields().map(str::to_owned).collect();
    assert_eq!(
        fields,
        ["endpoint", "service_url", "api_key", "auth_token", "model"]
    );
}
