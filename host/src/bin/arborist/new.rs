//! `arborist new`: the start of a runner of one's own.

use crate::{
    args::NewArgs,
    exit::{Exit, Failure},
    talk::Talk,
};
use arborist::project::{self, Language};
use std::path::Path;

pub(crate) fn new(args: &NewArgs, talk: &Talk) -> Result<(), Failure> {
    let language = Language::from(args.lang);
    let made = project::create(Path::new(""), &args.name, language);
    let folder = made.map_err(|error| Failure::new(Exit::Usage, error))?;
    let folder = folder.display();
    let setup = language
        .setup()
        .iter()
        .map(|command| format!("  {command}\n"));
    talk.say(format!(
        "made {folder}, a runner in {language}; {folder}/README.md explains it. Next:\n  cd {folder}\n{}  arborist build
  arborist run --replay cassette.yaml \"Rotate the logs\"",
        setup.collect::<String>()
    ));
    Ok(())
}
