//! How a service answers.

use super::{
    answer::{Answer, Redirect, Stream},
    echo::Echo,
    hostile::Hostile,
    request::Seen,
    script::{Gate, Step},
};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

/// How a service answers a request. Everything well-formed and hostile turns into one with `into()`.
///
/// Clones share the position of a [`Behaviour::sequence`].
#[derive(Clone)]
pub enum Behaviour {
    /// A well-formed answer.
    Answer(Answer),
    /// A well-formed answer that shows the request.
    Echo(Echo),
    /// These steps, once the request was read to its end.
    Script(Arc<[Step]>),
    /// These steps without reading a byte that no step reads. As the behaviour of the whole service they begin
    /// when the connection is accepted; chosen for a request, after its head.
    Unread(Arc<[Step]>),
    /// The n-th request gets the n-th; those after the last get the last.
    Sequence(Arc<(AtomicUsize, Vec<Behaviour>)>),
    /// Chosen by the request's head; its body is not there yet.
    ByHead(Choose),
    /// Chosen by the whole request.
    ByRequest(Choose),
    /// These steps, then the other behaviour's.
    After(Arc<[Step]>, Box<Behaviour>),
}

/// Chooses a behaviour.
pub type Choose = Arc<dyn Fn(&Seen) -> Behaviour + Send + Sync>;

/// What a request gets: steps, and whether its body is read before them.
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    pub(super) read_body: bool,
}

impl Behaviour {
    /// Answers with JSON.
    #[must_use]
    pub fn json(status: u16, value: &serde_json::Value) -> Self {
        Answer::json(status, value).into()
    }

    /// Answers with `text/plain`.
    #[must_use]
    pub fn text(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Answer::text(status, body).into()
    }

    /// The n-th request gets the n-th behaviour; those after the last get the last.
    ///
    /// # Panics
    /// There is none.
    #[must_use]
    pub fn sequence(behaviours: impl IntoIterator<Item = Self>) -> Self {
        let behaviours: Vec<Self> = behaviours.into_iter().collect();
        assert!(!behaviours.is_empty(), "a sequence of nothing");
        Self::Sequence(Arc::new((AtomicUsize::new(0), behaviours)))
    }

    /// By the path without the query; any other path is a 404.
    #[must_use]
    pub fn by_path<'a>(paths: impl IntoIterator<Item = (&'a str, Self)>) -> Self {
        let paths: Vec<(String, Self)> = paths
            .into_iter()
            .map(|(path, behaviour)| (path.to_owned(), behaviour))
            .collect();
        Self::by_head(move |seen| {
            let known = paths.iter().find(|(path, _)| path == seen.path());
            known.map_or_else(
                || Self::text(404, "no such path"),
                |(_, behaviour)| behaviour.clone(),
            )
        })
    }

    /// Chosen by the request's head; its body is not there yet.
    #[must_use]
    pub fn by_head(choose: impl Fn(&Seen) -> Self + Send + Sync + 'static) -> Self {
        Self::ByHead(Arc::new(choose))
    }

    /// Chosen by the whole request.
    #[must_use]
    pub fn by_request(choose: impl Fn(&Seen) -> Self + Send + Sync + 'static) -> Self {
        Self::ByRequest(Arc::new(choose))
    }

    /// `/hop/1` redirects to `/hop/2` and so on; any other path to `/hop/1`; the last hop gets `last`.
    #[must_use]
    pub fn redirect_chain(status: u16, hops: usize, last: Self) -> Self {
        Self::by_head(move |seen| {
            let hop = seen.path().strip_prefix("/hop/");
            let hop = hop.and_then(|hop| hop.parse().ok()).unwrap_or(0);
            if hop >= hops {
                last.clone()
            } else {
                Redirect::to(status, format!("/hop/{}", hop + 1)).into()
            }
        })
    }

    /// Every path redirects to itself.
    #[must_use]
    pub fn redirect_loop(status: u16) -> Self {
        Self::by_head(move |seen| Redirect::to(status, seen.target.clone()).into())
    }

    /// Redirects to what the query says: `?to=` and a percent-encoded location.
    #[must_use]
    pub fn redirect_by_query(status: u16) -> Self {
        Self::by_head(move |seen| {
            let to = seen.target.split_once("?to=").map_or("/", |(_, to)| to);
            let to: Vec<u8> = percent_encoding::percent_decode_str(to).collect();
            Redirect::to(status, to).into()
        })
    }

    /// These steps, after the request was read.
    #[must_use]
    pub fn script(steps: impl IntoIterator<Item = Step>) -> Self {
        Self::Script(steps.into_iter().collect())
    }

    /// These steps, without reading the request; see [`Behaviour::Unread`].
    #[must_use]
    pub fn unread(steps: impl IntoIterator<Item = Step>) -> Self {
        Self::Unread(steps.into_iter().collect())
    }

    /// These very bytes; then the connection is closed in good order.
    #[must_use]
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self::script([Step::Head(bytes.into()), Step::Close])
    }

    /// The same, after a while.
    #[must_use]
    pub fn slow(self, delay: Duration) -> Self {
        self.after([Step::Sleep(delay)])
    }

    /// The same, once the gate is open.
    #[must_use]
    pub fn behind(self, gate: &Gate) -> Self {
        self.after([Step::Wait(gate.clone())])
    }

    /// The same, once so many requests are in progress at once: an overlap that no clock judges. See
    /// [`Step::Meet`].
    #[must_use]
    pub fn together(self, requests: usize) -> Self {
        self.after([Step::Meet(requests)])
    }

    /// The same, after these steps.
    #[must_use]
    pub fn after(self, steps: impl IntoIterator<Item = Step>) -> Self {
        Self::After(steps.into_iter().collect(), Box::new(self))
    }

    /// What this request gets. `whole` reads its body, which not every behaviour wants.
    pub(super) fn plan<E>(
        &self,
        head: &Seen,
        whole: &mut dyn FnMut() -> Result<Seen, E>,
    ) -> Result<Plan, E> {
        let steps = match self {
            Self::Answer(answer) => answer.steps(head.method == "HEAD"),
            Self::Echo(echo) => echo.steps(&whole()?),
            Self::Script(steps) => steps.to_vec(),
            Self::Unread(steps) => {
                let (steps, read_body) = (steps.to_vec(), false);
                return Ok(Plan { steps, read_body });
            }
            Self::Sequence(sequence) => {
                let (next, behaviours) = &**sequence;
                let at = next.fetch_add(1, Ordering::SeqCst);
                return behaviours[at.min(behaviours.len() - 1)].plan(head, whole);
            }
            Self::ByHead(choose) => return choose(head).plan(head, whole),
            Self::ByRequest(choose) => return choose(&whole()?).plan(head, whole),
            Self::After(first, then) => {
                let mut plan = then.plan(head, whole)?;
                plan.steps.splice(0..0, first.iter().cloned());
                return Ok(plan);
            }
        };
        let read_body = true;
        Ok(Plan { steps, read_body })
    }
}

impl From<Answer> for Behaviour {
    fn from(answer: Answer) -> Self {
        Self::Answer(answer)
    }
}

impl From<Redirect> for Behaviour {
    fn from(redirect: Redirect) -> Self {
        Self::Answer(redirect.answer())
    }
}

impl From<Stream> for Behaviour {
    fn from(stream: Stream) -> Self {
        Self::Script(stream.steps().into())
    }
}

impl From<Echo> for Behaviour {
    fn from(echo: Echo) -> Self {
        Self::Echo(echo)
    }
}

impl From<Hostile> for Behaviour {
    fn from(hostile: Hostile) -> Self {
        hostile.behaviour()
    }
}

impl fmt::Debug for Behaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(answer) => answer.fmt(f),
            Self::Echo(echo) => echo.fmt(f),
            // A bomb's bytes tell nobody anything.
            Self::Script(steps) => write!(f, "Script({} steps)", steps.len()),
            Self::Unread(steps) => write!(f, "Unread({} steps)", steps.len()),
            Self::Sequence(sequence) => f.debug_tuple("Sequence").field(&sequence.1).finish(),
            Self::ByHead(_) => f.write_str("ByHead"),
            Self::ByRequest(_) => f.write_str("ByRequest"),
            Self::After(_, then) => f.debug_tuple("After").field(then).finish(),
        }
    }
}
