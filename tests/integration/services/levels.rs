//! The runner `multi-model`.

use super::{plan, run};
use arborist_tests::{
    Host, host,
    service::{Ai, Service},
};

const HIGH_KEY: &str = "sk-high-0123456789";
const LOW_KEY: &str = "sk-low-0123456789";

#[test]
fn each_level_asks_its_own_service_with_its_own_key() {
    let high = Service::start(Ai::openai(Some(HIGH_KEY), "gpt-4").says(&plan()).into());
    let medium = Service::start(Ai::ollama("llama3.2").says(&plan()).into());
    let low = Service::start(Ai::claude(LOW_KEY, "claude-3-haiku").says(&plan()).into());
    let host = Host::new();
    host.file(
        "agent-arborist.yaml",
        format!(
            "runner: multi-model
multi-model:
  high: {{api_key: \"${{HIGH_KEY}}\", base_url: {}}}
  medium: {{service: ollama, model: llama3.2, base_url: {}}}
  low: {{service: claude, model: claude-3-haiku, api_key: \"${{LOW_KEY}}\", base_url: {}}}
",
            high.url("/v1"),
            medium.origin(),
            low.origin()
        ),
    );
    let services = [&low, &medium, &high];
    for (characters, expected) in [
        (200, [1, 0, 0]),
        (201, [1, 1, 0]),
        (500, [1, 2, 0]),
        (501, [1, 2, 1]),
    ] {
        let mut command = host.command();
        command
            .args(["run", &"é".repeat(characters)])
            .env("HIGH_KEY", HIGH_KEY)
            .env("LOW_KEY", LOW_KEY);
        let spec = host::run(&mut command, b"").succeeded();
        assert!(spec.starts_with("name: rotate"), "{spec}");
        let counts = services.map(|service| service.requests().len());
        assert_eq!(counts, expected, "{characters} characters");
    }
    // No key went to another level's service.
    assert!(
        high.requests()
            .iter()
            .all(|seen| seen.holds(HIGH_KEY) && !seen.holds(LOW_KEY))
    );
    assert!(
        low.requests()
            .iter()
            .all(|seen| seen.holds(LOW_KEY) && !seen.holds(HIGH_KEY))
    );
    assert!(
        medium
            .requests()
            .iter()
            .all(|seen| !seen.holds(LOW_KEY) && !seen.holds(HIGH_KEY))
    );
}

#[test]
fn its_defaults_permit_the_services_of_the_old_guide_and_no_other() {
    let host = Host::new();
    host.file("agent-arborist.yaml", "runner: multi-model\n");
    let explained = run(&host, &["config", "explain"]).succeeded();
    for origin in ["https://api.openai.com", "https://api.anthropic.com"] {
        assert!(explained.contains(origin), "{explained}");
    }
    assert!(!explained.contains("11434"), "{explained}");
    host.file(
        "agent-arborist.yaml",
        "runner: multi-model\nmulti-model: {low: {service: ollama}}\n",
    );
    let explained = run(&host, &["config", "explain"]).succeeded();
    assert!(explained.contains("http://localhost:11434"), "{explained}");
}
