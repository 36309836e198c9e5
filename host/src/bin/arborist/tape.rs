//! The cassette that a run is recorded to, or answered from.

use crate::{
    args::TapeArgs,
    exit::{Exit, Failure},
    output::{self, Staged, counted},
    talk::Talk,
};
use arborist::{
    cassette::{CassetteError, MAX_BYTES, Player, Recorder},
    escape::printable,
    gateway::Tape,
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// A cassette and what it is for.
pub(crate) enum TapeFile {
    None,
    Record(PathBuf, Arc<Recorder>),
    Replay(PathBuf, Arc<Player>),
}

impl TapeFile {
    /// Reads what is to be replayed, and looks at what would be replaced by a record.
    pub(crate) async fn open(args: &TapeArgs) -> Result<Self, Failure> {
        if let Some(path) = &args.record {
            if path.exists() && read(path).await.is_err() {
                let message = format!(
                    "{} exists and is no cassette\n  help: name another file for --record; it replaces cassettes only",
                    shown(path)
                );
                return Err(Failure::new(Exit::Usage, message));
            }
            // What cannot be written is better known before anything is sent.
            drop(Staged::new(Some(path), String::new())?);
            return Ok(Self::Record(path.clone(), Arc::default()));
        }
        match &args.replay {
            Some(path) => Ok(Self::Replay(path.clone(), Arc::new(read(path).await?))),
            None => Ok(Self::None),
        }
    }

    /// Refuses results that would replace the cassette.
    pub(crate) fn apart(&self, results: &[&Option<PathBuf>]) -> Result<(), Failure> {
        let (Self::Record(cassette, _) | Self::Replay(cassette, _)) = self else {
            return Ok(());
        };
        let mut results = results.iter().filter_map(|path| path.as_deref());
        if results.any(|path| output::same_file(path, cassette)) {
            let message = format!(
                "a result and the cassette cannot both be {}\n  help: name another file for one of them",
                shown(cassette)
            );
            return Err(Failure::new(Exit::Usage, message));
        }
        Ok(())
    }

    /// Whether nothing is sent.
    pub(crate) fn replays(&self) -> bool {
        matches!(self, Self::Replay(..))
    }

    /// What the session does.
    pub(crate) fn tape(&self) -> Tape {
        match self {
            Self::None => Tape::None,
            Self::Record(_, recorder) => Tape::Record(Arc::clone(recorder)),
            Self::Replay(_, player) => Tape::Replay(Arc::<Player>::clone(player)),
        }
    }

    /// Writes what was recorded, also where the run failed; says what of a cassette was not asked for.
    pub(crate) async fn finish(self, talk: &Talk) -> Result<(), Failure> {
        match self {
            Self::None => Ok(()),
            Self::Record(path, recorder) => {
                let failed = |reason| {
                    let exit = match reason {
                        CassetteError::TooLarge => Exit::Sandbox,
                        _ => Exit::Internal,
                    };
                    Failure::new(exit, format!("the cassette is not written: {reason}"))
                };
                let text = recorder.text().map_err(failed)?;
                Staged::new(Some(&path), text)?.deliver().await?;
                talk.detail(format!(
                    "recorded {} in {}",
                    counted(recorder.len(), "request"),
                    shown(&path)
                ));
                Ok(())
            }
            Self::Replay(path, player) => {
                if let (all, unused @ 1..) = player.unused() {
                    let was = if unused == 1 { "was" } else { "were" };
                    let of = match all {
                        1 => "the one exchange".to_owned(),
                        all => format!("{unused} of the {all} exchanges"),
                    };
                    talk.warn(format!("{of} of {} {was} not asked for", shown(&path)));
                }
                Ok(())
            }
        }
    }
}

async fn read(path: &Path) -> Result<Player, Failure> {
    let text = output::read_file(path, "a cassette", MAX_BYTES).await?;
    output::aside({
        let path = shown(path);
        move || {
            let refused =
                |reason| Failure::new(Exit::Usage, format!("{path} is no cassette: {reason}"));
            Player::read(&text).map_err(refused)
        }
    })
    .await
}

fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy(), 400).into_owned()
}
