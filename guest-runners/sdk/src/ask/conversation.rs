//! What a service is asked.

use super::Unusable;

/// What of a bad answer is sent back with the complaint, in bytes: enough for any spec that is worth
/// repairing, and a bound on what a service that rambles costs.
const MAX_QUOTED: usize = 32 << 10;

/// Who said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The person who wants the spec.
    User,
    /// The service.
    Assistant,
}

impl Role {
    /// The role's name in the usual chat protocols: `user` or `assistant`.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

/// One thing that was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Who said it.
    pub role: Role,
    /// What was said.
    pub text: String,
}

/// The instructions and what has been said so far; the last turn is the user's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// The instructions, for the place that a protocol has for them.
    pub system: String,
    /// The turns, beginning with the user's.
    pub turns: Vec<Turn>,
}

const FOR_SPEC: &str = r#"You plan work that a machine then carries out with a POSIX shell.
Answer with one JSON object and nothing else, no prose and no code fence:
{
  "name": "short-name-in-kebab-case",
  "description": "what the task does, in a sentence",
  "steps": [
    {
      "name": "unique-name-in-kebab-case",
      "description": "what the step is for",
      "command": "what /bin/sh runs",
      "depends_on": ["names of the steps that must have succeeded before"]
    }
  ]
}
Rules: at least one step. Step names are unique and have at most 40 characters. depends_on names only
steps of this plan, makes no cycle, and is empty where a step needs no other: steps that do not depend
on each other run at the same time. Write $(command) instead of backticks. Put no secret into a command."#;

impl Conversation {
    /// Asks for a task spec.
    pub fn for_spec(description: &str) -> Self {
        let question = Turn {
            role: Role::User,
            text: description.trim().to_owned(),
        };
        Self {
            system: FOR_SPEC.to_owned(),
            turns: vec![question],
        }
    }

    /// Adds an answer that could not be used and asks for a better one.
    pub fn complain(&mut self, answer: &str, complaint: &Unusable) {
        let answer = answer.trim();
        // Protocols refuse an empty turn.
        let answer = if answer.is_empty() {
            "(no answer)"
        } else {
            answer
        };
        let quoted = answer
            .get(..answer.floor_char_boundary(MAX_QUOTED))
            .unwrap_or_default();
        self.turns.push(Turn {
            role: Role::Assistant,
            text: quoted.to_owned(),
        });
        self.turns.push(Turn {
            role: Role::User,
            text: format!(
                "That cannot be used: {complaint}. Answer again with the corrected JSON object alone."
            ),
        });
    }

    /// All of it as one text, for services that take a prompt instead of turns.
    pub fn to_prompt(&self) -> String {
        format!("{}\n\n{}", self.system, self.script())
    }

    /// The turns as one text, for services that take a prompt beside the instructions.
    pub fn turns_to_prompt(&self) -> String {
        match self.turns.as_slice() {
            [only] => only.text.clone(),
            _ => self.script(),
        }
    }

    fn script(&self) -> String {
        let mut script = String::new();
        for turn in &self.turns {
            let speaker = match turn.role {
                Role::User => "User",
                Role::Assistant => "Assistant",
            };
            script.push_str(&format!("{speaker}: {}\n\n", turn.text));
        }
        script.push_str("Assistant:");
        script
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_back_is_bounded() {
        let mut conversation = Conversation::for_spec(" do it ");
        assert_eq!(conversation.turns_to_prompt(), "do it");
        conversation.complain(
            &"é".repeat(MAX_QUOTED),
            &super::super::read_spec("").unwrap_err(),
        );
        assert_eq!(conversation.turns[0].text, "do it");
        assert!(conversation.turns[1].text.len() <= MAX_QUOTED);
        let prompt = conversation.turns_to_prompt();
        assert!(
            prompt.starts_with("User: do it\n\nAssistant: é") && prompt.ends_with("\n\nAssistant:")
        );
        let prompt = conversation.to_prompt();
        assert!(
            prompt.contains("\n\nUser: do it\n\nAssistant: é") && prompt.ends_with("Assistant:")
        );
    }
}
