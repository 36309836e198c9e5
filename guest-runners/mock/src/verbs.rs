//! The verbs that tell a plan's shape: what kind of thing each does, and when it is usually done.

/// What a verb makes of its clause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Does something.
    Work,
    /// Looks at what has been done, so it waits for it.
    Verify,
    /// Tells somebody, so it comes last.
    Report,
}

/// What a verb does, as its kind and, of work, its place in the usual order of things.
type Class = (Kind, Option<usize>);

/// Gathers what the rest works on.
const G: Class = (Kind::Work, Some(0));
/// Shapes it, so that it is fit for use.
const S: Class = (Kind::Work, Some(1));
/// Makes something of it.
const M: Class = (Kind::Work, Some(2));
/// Finishes: hands over, or takes away, what the rest has made.
const F: Class = (Kind::Work, Some(3));
/// See [`Kind::Verify`].
const V: Class = (Kind::Verify, None);
/// See [`Kind::Report`].
const R: Class = (Kind::Report, None);

/// Sorted, for binary search; a test keeps it so.
#[rustfmt::skip]
const VERBS: &[(&str, Class)] = &[
    ("add", M), ("aggregate", M), ("alert", R), ("analyse", M), ("analyze", M), ("announce", R),
    ("apply", M), ("archive", M), ("assert", V), ("assign", M), ("attach", M), ("back", M),
    ("backup", M), ("benchmark", M), ("build", M), ("bundle", M), ("calculate", M), ("call", M),
    ("check", V), ("clean", S), ("cleanup", S), ("clear", F), ("clone", G), ("close", F),
    ("collect", G), ("combine", M), ("compare", V), ("compile", M), ("compress", M),
    ("compute", M), ("configure", M), ("confirm", V), ("connect", G), ("convert", S), ("copy", M),
    ("count", M), ("crawl", G), ("create", M), ("cut", M), ("debug", M), ("decrypt", S),
    ("deduplicate", S), ("delete", F), ("deploy", F), ("detect", M), ("disable", F),
    ("document", M), ("download", G), ("draft", M), ("draw", M), ("drop", F), ("dump", G),
    ("email", R), ("enable", M), ("encrypt", M), ("enrich", S), ("ensure", V), ("evaluate", M),
    ("execute", M), ("export", G), ("extract", G), ("fetch", G), ("filter", S), ("find", G),
    ("fix", M), ("format", S), ("gather", G), ("generate", M), ("get", G), ("group", M),
    ("import", G), ("index", M), ("inform", R), ("ingest", G), ("insert", M), ("inspect", V),
    ("install", F), ("label", S), ("launch", M), ("lint", S), ("list", G), ("load", G),
    ("mail", R), ("make", M), ("measure", M), ("merge", M), ("migrate", S), ("mirror", M),
    ("monitor", M), ("move", M), ("normalise", S), ("normalize", S), ("notify", R), ("open", G),
    ("optimise", M), ("optimize", M), ("organise", M), ("organize", M), ("pack", M),
    ("package", M), ("parse", S), ("patch", M), ("pause", F), ("ping", R), ("plot", M),
    ("post", R), ("prepare", M), ("print", R), ("process", M), ("provision", M), ("prune", S),
    ("publish", R), ("pull", G), ("purge", F), ("push", F), ("put", F), ("query", G), ("rank", M),
    ("read", G), ("rebuild", M), ("record", G), ("refresh", M), ("release", F), ("remove", F),
    ("rename", M), ("render", M), ("renew", M), ("replace", M), ("report", R), ("reset", M),
    ("resize", S), ("restart", F), ("restore", M), ("resume", F), ("retrain", M), ("retrieve", G),
    ("review", V), ("roll", M), ("rotate", M), ("run", M), ("sanitise", S), ("sanitize", S),
    ("save", M), ("scan", G), ("schedule", M), ("score", M), ("scrape", G), ("search", G),
    ("send", R), ("set", M), ("setup", M), ("share", R), ("ship", F), ("show", R), ("shut", F),
    ("sign", M), ("sort", S), ("split", S), ("stage", M), ("start", F), ("stop", F), ("store", M),
    ("stream", F), ("submit", F), ("summarise", M), ("summarize", M), ("sync", M),
    ("synchronise", M), ("synchronize", M), ("tag", M), ("take", G), ("tell", R), ("test", V),
    ("tidy", S), ("train", M), ("transcode", S), ("transcribe", M), ("transfer", M),
    ("transform", S), ("translate", M), ("trigger", F), ("trim", S), ("turn", F), ("uninstall", F),
    ("unpack", G), ("unzip", G), ("update", M), ("upgrade", M), ("upload", F), ("validate", V),
    ("verify", V), ("wait", F), ("warm", M), ("watch", M), ("wipe", F), ("write", M), ("zip", M),
];

fn class(word: &str) -> Option<Class> {
    let at = VERBS.binary_search_by(|(verb, _)| verb.cmp(&word)).ok()?;
    VERBS.get(at).map(|(_, class)| *class)
}

/// What kind of verb a lower-case word is; `None` where it is not known as one.
pub(crate) fn verb(word: &str) -> Option<Kind> {
    class(word).map(|(kind, _)| kind)
}

/// Where work of this verb stands in the usual order of things, from 0; equals can run side by side.
pub(crate) fn rank(word: &str) -> Option<usize> {
    class(word).and_then(|(_, rank)| rank)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_names_each_verb_once() {
        assert!(VERBS.is_sorted_by(|(a, _), (b, _)| a < b));
        assert_eq!((verb("back"), rank("back")), (Some(Kind::Work), Some(2)));
        assert_eq!((verb("verify"), rank("verify")), (Some(Kind::Verify), None));
        assert_eq!(verb("orders"), None);
        assert!(rank("download") < rank("clean") && rank("train") < rank("deploy"));
    }
}
