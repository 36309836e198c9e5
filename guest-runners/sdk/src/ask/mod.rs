//! Ask-and-repair: asks an AI service for a task spec, reads the answer whatever it is wrapped in, and
//! asks once more with the complaint where it cannot be used.
//!
//! A runner gives the one thing that differs between services, how a conversation becomes an answer:
//!
//! ```no_run
//! use arborist_sdk::ask::{self, Conversation};
//! use arborist_sdk::{Error, Request, SpecText};
//!
//! fn generate(request: &Request) -> Result<SpecText, Error> {
//!     let mut service = |conversation: &Conversation| -> Result<String, Error> {
//!         # let _ = conversation;
//!         todo!("POST conversation.system and conversation.turns, return the answer's text")
//!     };
//!     Ok(ask::for_spec(&mut service, request.description())?.into())
//! }
//! ```

mod answer;
mod conversation;
mod schema;

pub use answer::{Unusable, spec as read_spec, unfenced};
pub use conversation::{Conversation, Role, Turn};
pub use schema::spec_schema;

use crate::{Error, TaskSpec, log};

/// Something that answers: a service, or a closure in a test.
pub trait Ask {
    /// The service's answer to the conversation's last turn, as text.
    ///
    /// # Errors
    /// What kept the service from answering. It is handed on and not repaired.
    fn ask(&mut self, conversation: &Conversation) -> Result<String, Error>;
}

impl<F: FnMut(&Conversation) -> Result<String, Error>> Ask for F {
    fn ask(&mut self, conversation: &Conversation) -> Result<String, Error> {
        self(conversation)
    }
}

/// Asks for a task spec, and where the answer cannot be used once more.
///
/// # Errors
/// What the service fails with; [`Error::InvalidInput`] for a blank description;
/// [`Error::InvalidResponse`] with the complaint where the second answer cannot be used either.
pub fn for_spec(service: &mut impl Ask, description: &str) -> Result<TaskSpec, Error> {
    if description.trim().is_empty() {
        return Err(Error::InvalidInput(
            "the description is empty: say in a sentence what the task should do".to_owned(),
        ));
    }
    let mut conversation = Conversation::for_spec(description);
    let answer = service.ask(&conversation)?;
    let complaint = match read_spec(&answer) {
        Ok(spec) => return Ok(spec),
        Err(complaint) => complaint,
    };
    log::warn(format_args!(
        "asking once more, since the answer cannot be used: {complaint}"
    ));
    conversation.complain(&answer, &complaint);
    read_spec(&service.ask(&conversation)?).map_err(|complaint| {
        Error::InvalidResponse(format!(
            "the service was asked twice and gave no usable task spec: {complaint}"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"name":"n","description":"","steps":[{"name":"a","command":"x"}]}"#;

    fn run(answers: &[&str]) -> (Result<TaskSpec, Error>, Vec<Conversation>) {
        let mut asked = Vec::new();
        let mut service = |conversation: &Conversation| {
            let answer = answers[asked.len()];
            asked.push(conversation.clone());
            Ok(answer.to_owned())
        };
        (for_spec(&mut service, "Back up"), asked)
    }

    #[test]
    fn a_good_answer_is_taken_at_once() {
        let (spec, asked) = run(&[GOOD]);
        assert_eq!(spec.unwrap().name, "n");
        assert_eq!(asked.len(), 1);
    }

    #[test]
    fn a_bad_answer_is_complained_about_once() {
        let (spec, asked) = run(&[r#"{"name":"n","steps":[{"name":"a"}]}"#, GOOD]);
        assert!(spec.is_ok());
        let turns = &asked[1].turns;
        assert_eq!(turns.len(), 3);
        assert_eq!(
            (turns[0].role, turns[1].role, turns[2].role),
            (Role::User, Role::Assistant, Role::User)
        );
        assert!(
            turns[2].text.contains("step 1 has no `command`"),
            "{}",
            turns[2].text
        );
    }

    #[test]
    fn a_second_bad_answer_is_the_end() {
        let (spec, asked) = run(&["no", "still no"]);
        assert!(matches!(spec, Err(Error::InvalidResponse(text)) if text.contains("twice")));
        assert_eq!(asked.len(), 2);
    }

    #[test]
    fn a_service_that_fails_is_not_asked_again() {
        let mut calls = 0;
        let mut service = |_: &Conversation| {
            calls += 1;
            Err(Error::Other("down".to_owned()))
        };
        assert_eq!(
            for_spec(&mut service, "x"),
            Err(Error::Other("down".to_owned()))
        );
        assert!(matches!(
            for_spec(&mut service, " \n"),
            Err(Error::InvalidInput(_))
        ));
        assert_eq!(calls, 1);
    }
}
