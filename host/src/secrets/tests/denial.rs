//! What a denial tells the user.

use super::super::{Secret, SecretBinding, SecretDenial, SecretSet};
use super::{API, KEY, key, run, send, set};

const ORIGINS: [&str; 6] = [
    "https://a.example",
    "https://b.example",
    "https://c.example",
    "https://d.example",
    "https://e.example",
    "https://f.example",
];

/// The denial of a secret in a header of a request to [`API`].
fn denied(to: &[&str], places: &str) -> Box<SecretDenial> {
    let secrets = run(&set(&[("api_key", KEY, to, places)]), 1);
    send(&secrets, API, &[("x-key", &key(&secrets))], None).unwrap_err()
}

#[test]
fn four_of_the_origins_that_a_secret_is_bound_to_are_listed() {
    let four = "https://a.example, https://b.example, https://c.example, https://d.example";
    for (bound, listed) in [
        (0, "no origin".to_owned()),
        (1, "https://a.example".to_owned()),
        (2, "https://a.example, https://b.example".to_owned()),
        (4, four.to_owned()),
        (5, format!("{four} and 1 more")),
        (6, format!("{four} and 2 more")),
    ] {
        let message = denied(&ORIGINS[..bound], "header").to_string();
        assert_eq!(
            message,
            format!(
                "the runner put the secret `api_key` into the header `x-key` of a request to {API}, and it is bound to {listed}"
            )
        );
    }
}

#[test]
fn what_permits_another_origin_is_said_while_the_line_is_short() {
    for bound in 0..ORIGINS.len() {
        let fix = denied(&ORIGINS[..bound], "header").fix();
        let all = ORIGINS[..bound].iter().chain([&API]);
        let to: Vec<String> = all.map(|origin| format!("\"{origin}\"")).collect();
        let line = format!("secrets: {{api_key: {{to: [{}]}}}}", to.join(", "));
        assert_eq!(fix, (bound < 4).then_some(line), "{bound}");
    }
}

#[test]
fn a_secret_that_may_stand_nowhere_is_denied_everywhere() {
    let denial = denied(&[API], "");
    assert_eq!(
        denial.to_string(),
        format!(
            "the runner put the secret `api_key` into the header `x-key` of a request to {API}, and it may stand nowhere"
        )
    );
    assert_eq!(denial.fix().unwrap(), "secrets: {api_key: {in: [header]}}");
}

#[test]
fn the_origin_is_the_one_asked_for_and_shows_no_placeholder() {
    assert_eq!(denied(&ORIGINS, "header").origin(), API);
    let secrets = run(&set(&[("api_key", KEY, &[API], "header")]), 1);
    let url = format!("https://{}.example.com/", key(&secrets));
    let denial = send(&secrets, &url, &[], None).unwrap_err();
    assert_eq!(denial.origin(), "https://[secret api_key].example.com");
}

#[test]
fn a_name_that_would_need_quotes_in_yaml_is_in_no_line_of_it() {
    for field in ["api key", "a: {b", "a\"", "ключ"] {
        let binding = SecretBinding {
            field: field.to_owned(),
            to: Vec::new(),
            places: "header".parse().unwrap(),
            exposed: false,
        };
        let secret = Secret::new(KEY.to_owned()).unwrap();
        let secrets = run(&SecretSet::new([(binding, secret)]), 1);
        let placeholder = secrets.value_for_runner(field).unwrap();
        let denial = send(&secrets, API, &[("x-key", placeholder)], None).unwrap_err();
        assert_eq!((denial.secret(), denial.fix()), (field, None));
    }
}

#[test]
fn what_to_do_is_said_also_where_no_line_permits_it() {
    let secrets = run(&set(&[("api_key", KEY, &[API], "header")]), 1);
    let key = key(&secrets);
    let denied = |url: &str| send(&secrets, url, &[("x-key", &key)], None).unwrap_err();
    let advice = denied("http://b.example").advice().unwrap();
    assert!(advice.contains("use https"), "{advice}");
    // Nobody is led to where the runner asks.
    assert!(!advice.contains("b.example"), "{advice}");
    let advice = denied("https://b.example").advice().unwrap();
    assert!(
        advice.ends_with("{to: [\"https://api.example.com\", \"https://b.example\"]}}"),
        "{advice}"
    );
    let unset = SecretSet::new([(
        SecretBinding {
            field: "api_key".to_owned(),
            to: vec![API.parse().unwrap()],
            places: "header".parse().unwrap(),
            exposed: false,
        },
        Secret::unset(),
    )]);
    let secrets = run(&unset, 1);
    let key = secrets.value_for_runner("api_key").unwrap();
    let denial = send(&secrets, API, &[("x-key", key)], None).unwrap_err();
    assert!(
        denial.advice().unwrap().contains("set the variable"),
        "{denial}"
    );
}
