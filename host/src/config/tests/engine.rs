//! `engine`: what is the user's own, whatever he runs.

use super::{Case, EngineSettings, Environment};
use crate::config::Profile;

const MIB: u64 = 1 << 20;

#[test]
fn the_size_of_the_cache_is_taken_from_a_named_file_and_a_variable() {
    assert_eq!(Case::empty().settings().engine, EngineSettings::default());
    let case = Case::named("engine: {cache_size: 300MiB}\n");
    assert_eq!(case.settings().engine.cache_size.bytes(), 300 * MIB);
    let case = case.variable("AGENT_ARBORIST_ENGINE__CACHE_SIZE", "1MiB");
    let settings = case.settings();
    assert_eq!(settings.engine.cache_size.bytes(), MIB);
    let rows = settings.rows();
    let row = rows.iter().find(|row| row.key == "engine.cache_size");
    let row = row.unwrap();
    assert_eq!(
        (row.value.as_str(), row.source.as_str()),
        ("1.0 MiB", "$AGENT_ARBORIST_ENGINE__CACHE_SIZE")
    );
}

#[test]
fn a_found_file_has_no_say_in_it() {
    for size in ["0", "1TiB"] {
        let case = Case::found(&format!("engine: {{cache_size: {size}}}\n"));
        let settings = case.settings();
        assert_eq!(settings.engine, EngineSettings::default(), "{size}");
        assert!(
            settings.warned().contains("`engine.cache_size` is ignored"),
            "{size}"
        );
        // A variable is the user's word.
        let case = case.variable("AGENT_ARBORIST_ENGINE__CACHE_SIZE", "1MiB");
        assert_eq!(case.settings().engine.cache_size.bytes(), MIB, "{size}");
    }
}

#[test]
fn what_it_cannot_mean_is_refused() {
    for (text, reason) in [
        ("engine: {cache_size: 2TiB}\n", "up to 1.0 TiB"),
        ("engine: {cache_size: lots}\n", "a size such as 2GiB"),
        ("engine: {cache_sise: 2GiB}\n", "did you mean `cache_size`"),
        ("engine: {profile: pool}\n", "`on-demand` or `pooling`"),
        (
            "engine: {profile: pooling, instances: 0}\n",
            "from 1 to 30000",
        ),
        (
            "engine: {profile: pooling, instances: 30001}\n",
            "from 1 to 30000",
        ),
        (
            "engine: {profile: pooling, instances: many}\n",
            "from 1 to 30000",
        ),
        ("engine: 2GiB\n", "must be a map"),
        ("engine: [a]\n", "must be a map"),
    ] {
        let fault = Case::named(text).faults().render(false);
        assert!(fault.contains(reason), "{text}: {fault}");
    }
}

#[test]
fn commands_without_a_file_go_by_the_variable() {
    let of = |value: &str| {
        let variables = [("AGENT_ARBORIST_ENGINE__CACHE_SIZE", value)];
        EngineSettings::of_environment(&Environment::from_iter(variables))
    };
    assert_eq!(of("3MiB").unwrap().cache_size.bytes(), 3 * MIB);
    assert_eq!(of("").unwrap(), EngineSettings::default());
    assert!(of("3 cubits").is_err());
}

#[test]
fn the_profile_is_on_demand_unless_somebody_says_otherwise() {
    let of = |case: Case| case.settings().engine.profile;
    assert_eq!(of(Case::empty()), Profile::OnDemand);
    assert_eq!(
        of(Case::named("engine: {profile: on-demand}\n")),
        Profile::OnDemand
    );
    let pooling = |instances| Profile::Pooling { instances };
    let case = || Case::named("engine: {instances: 30000, profile: pooling}\n");
    assert_eq!(of(case()), pooling(Some(30_000)));
    assert_eq!(
        of(Case::named("engine: {profile: pooling}\n")),
        pooling(None)
    );
    let case = case().variable("AGENT_ARBORIST_ENGINE__INSTANCES", "7");
    let settings = case.settings();
    assert_eq!(settings.engine.profile, pooling(Some(7)));
    let rows = settings.rows();
    let row = |key: &str| rows.iter().find(|row| row.key == key).unwrap();
    assert_eq!(row("engine.profile").value, "pooling");
    assert_eq!(
        row("engine.instances").source,
        "$AGENT_ARBORIST_ENGINE__INSTANCES"
    );
}

#[test]
fn instances_without_a_pool_are_told() {
    let settings = Case::named("engine: {instances: 5}\n").settings();
    assert_eq!(settings.engine.profile, Profile::OnDemand);
    assert!(settings.warned().contains("no effect without a pool"));
}

#[test]
fn a_found_file_does_not_choose_the_profile() {
    let case = Case::found("engine: {profile: pooling, instances: 30000}\n");
    let settings = case.settings();
    assert_eq!(settings.engine, EngineSettings::default());
    let told = settings.warned();
    assert!(
        told.contains("`engine.profile` is ignored")
            && told.contains("`engine.instances` is ignored"),
        "{told}"
    );
    let case = case.variable("AGENT_ARBORIST_ENGINE__PROFILE", "pooling");
    let pooling = Profile::Pooling { instances: None };
    assert_eq!(case.settings().engine.profile, pooling);
}

#[test]
fn a_slip_in_a_value_is_told_with_what_was_meant() {
    for (value, meant) in [
        ("poling", "pooling"),
        ("pool", "pooling"),
        ("Pooling", "pooling"),
        ("on_demand", "on-demand"),
        ("ondemand", "on-demand"),
        ("on", "on-demand"),
    ] {
        let faults = Case::named(&format!("engine: {{profile: {value}}}\n")).faults();
        let [fault] = faults.as_slice() else {
            panic!("{value}: {faults}")
        };
        // The caret is below the value.
        let place = fault.place.as_ref().unwrap();
        assert_eq!((place.line(), place.column()), (1, 19), "{value}");
        let help = format!("did you mean `{meant}`?");
        assert_eq!(fault.help.as_deref(), Some(help.as_str()), "{value}");
    }
    let far = Case::named("engine: {profile: fast}\n").faults();
    assert_eq!(far.as_slice()[0].help, None);
    // Of a slip in the key it is below the key.
    let key = Case::named("engine: {profil: pooling}\n").faults();
    let place = key.as_slice()[0].place.as_ref().unwrap();
    assert_eq!((place.column(), place.span()), (10, 9..15));
}
