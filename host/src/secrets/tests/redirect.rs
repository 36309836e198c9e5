use super::super::Place;
use super::{API, headers, key, usual};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

#[test]
fn what_holds_a_foreign_placeholder_does_not_follow_a_redirect() {
    let secrets = usual();
    let key = key(&secrets);
    let basic = format!("Basic {}", STANDARD.encode(format!("user:{key}")));
    let all = [
        ("x-key", &*format!("k={key}")),
        ("x-escaped", &*key.replace('_', "%5f")),
        ("authorization", &*basic),
        ("accept", "*/*"),
        ("x-twice", "plain"),
        ("x-twice", &*key),
    ];
    let mut away = headers(&all);
    let other = "https://other.example".parse().unwrap();
    secrets
        .redirected(&other, &mut away, Some(b"plain"))
        .unwrap();
    assert_eq!(away, headers(&[("accept", "*/*")]));

    let mut same = headers(&all);
    secrets
        .redirected(&API.parse().unwrap(), &mut same, Some(key.as_bytes()))
        .unwrap();
    assert_eq!(same, headers(&all));
}

#[test]
fn a_body_with_a_foreign_placeholder_ends_the_exchange() {
    let secrets = usual();
    let body = format!("{{\"key\":\"{}\"}}", key(&secrets));
    let other = "https://other.example".parse().unwrap();
    let denial = secrets
        .redirected(&other, &mut headers(&[]), Some(body.as_bytes()))
        .unwrap_err();
    assert_eq!(
        (denial.code(), denial.place()),
        ("secret-origin", &Place::Body)
    );
}

#[test]
fn another_origin_may_have_what_is_bound_to_it() {
    let secrets = usual();
    let other = secrets.value_for_runner("other").unwrap().to_owned();
    let mut kept = headers(&[("x-other", &other), ("x-key", &key(&secrets))]);
    let to = "https://other.example".parse().unwrap();
    secrets.redirected(&to, &mut kept, None).unwrap();
    assert_eq!(kept, headers(&[("x-other", &other)]));
}
