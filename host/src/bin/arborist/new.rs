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
    talk.say(format!(
        "made {folder}, a runner in {language}; {folder}/README.md says how it is built and run:  cd {folder} && arborist build"
    ));
    Ok(())
}
