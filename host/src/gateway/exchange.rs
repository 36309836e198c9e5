//! One exchange: a request, the redirects that it meets, and its answer.

use super::{
    asked::Asked,
    audited,
    body::Body,
    incoming::Incoming,
    message::{HttpError, Request, Response, StreamedRequest},
    ready::Ready,
    redirect,
    retry::{Retries, Setback},
    session::Session,
    tape::{Recording, Served},
    transport::{Answer, SendError, When},
};
use crate::{
    audit::{Attempt, Outcome, Verdict, Wait},
    cassette::Reply,
    limits::Limit,
    policy::Permit,
};

/// The most redirects that one request follows, as the contract says.
const MAX_REDIRECTS: usize = 10;
/// Why an answer that was made up, or written by hand, is none.
const NO_ANSWER: &str = "the cassette's answer is none that HTTP has";

impl Session {
    /// Sends a request and waits for the whole answer.
    ///
    /// # Errors
    /// See [`HttpError`].
    pub async fn send(&self, request: Request) -> Result<Response, HttpError> {
        self.open(request).await?.whole().await
    }

    /// Sends a request and returns when the head of its answer has come.
    ///
    /// # Errors
    /// See [`HttpError`].
    pub async fn open(&self, request: Request) -> Result<Incoming, HttpError> {
        let mut asked = Asked::check(self, request)?;
        let mut retries = self.retries();
        for _ in 0..=MAX_REDIRECTS {
            let first = self.permit(&asked)?;
            let body = asked.body.clone().into();
            let mut answer = self.tries(&asked, first, body, &mut retries).await?;
            match redirect::next(self, &asked, &mut answer)? {
                Some(next) => asked = next,
                None => return Ok(answer),
            }
        }
        let reason = format!("more than {MAX_REDIRECTS} redirects");
        let attempt = self.audit(&asked);
        attempt.refused(Verdict::Limit, "redirects", reason.as_str());
        Err(HttpError::Connection(reason))
    }

    /// Sends a request that streams, and returns when the head of its answer has come.
    ///
    /// # Errors
    /// See [`HttpError`].
    pub async fn stream(&self, request: StreamedRequest) -> Result<Incoming, HttpError> {
        let asked = Asked::check_parts(self, &request)?;
        // Before anything of the body is taken: a guest that may not send need not say what, and no body waits in the
        // host that the budget has no request for.
        let (permit, attempt) = self.permit(&asked)?;
        let body = match Body::take(self, request.body).await {
            Ok(body) => body,
            Err(error) => {
                match error {
                    HttpError::TooLarge(_) => {
                        self.limited(&attempt.exchange(), Limit::Request, &error);
                        attempt.ends(Outcome::NotSent, None);
                    }
                    _ => attempt.refused(Verdict::Invalid, "body", error.to_string()),
                }
                return Err(error);
            }
        };
        let mut retries = self.retries();
        self.tries(&asked, (permit, attempt), body, &mut retries)
            .await
    }

    /// The first stages: the policy's leave, and a request out of the budget.
    fn permit<'a>(&'a self, asked: &'a Asked) -> Result<(Permit<'a>, Attempt), HttpError> {
        let mut attempt = self.audit(asked);
        let permit = match self.inner.gateway.policy.decide(&asked.target) {
            Ok(permit) => permit,
            Err(denial) => return Err(self.denied(attempt, &denial)),
        };
        audited::permitted(&mut attempt, &permit);
        if let Err(error) = self.take_request(&asked.target) {
            self.limited(&attempt.exchange(), Limit::Requests, &error);
            attempt.ends(Outcome::NotSent, None);
            return Err(error);
        }
        Ok((permit, attempt))
    }

    /// As many attempts as the user allows and the failure bears, each permitted, counted and audited as the first was.
    async fn tries<'a>(
        &'a self,
        asked: &'a Asked,
        first: (Permit<'a>, Attempt),
        mut body: Body,
        retries: &mut Retries,
    ) -> Result<Incoming, HttpError> {
        let spare = body.spare();
        let (mut permit, mut attempt) = first;
        let mut attempts = 1;
        loop {
            let tried = self.attempt(asked, permit, body, attempt).await;
            let setback = match &tried {
                Ok(answer) => Setback::of_answer(answer.status(), answer.header("retry-after")),
                Err(failed) => failed.setback.clone(),
            };
            let bears = setback.filter(|setback| setback.permits(asked.method()));
            let passing = bears.is_some();
            let again = bears.zip(spare.as_ref()).and_then(|(setback, spare)| {
                Some((retries.next(&setback, asked.method())?, spare))
            });
            let Some((wait, spare)) = again else {
                if passing {
                    self.gives_up();
                }
                return tried.map_err(|failed| failed.after(attempts));
            };
            if let Ok(mut answer) = tried {
                answer.retries();
            }
            if !self.replays() {
                self.waits(Wait::Retry(attempts + 1), wait);
                tokio::time::sleep(wait).await;
            }
            (permit, attempt) = self.permit(asked)?;
            self.count_retry();
            attempts += 1;
            body = spare.clone().into();
        }
    }

    /// One attempt: the stages in their order. Nothing is looked up or dialled before the policy has
    /// permitted it, and nothing is dialled that the policy has not seen the address of.
    async fn attempt(
        &self,
        asked: &Asked,
        permit: Permit<'_>,
        body: Body,
        attempt: Attempt,
    ) -> Result<Incoming, Failed> {
        let gateway = &self.inner.gateway;
        let exchange = attempt.exchange();
        let attempt = self.turn(attempt).await?;
        let taped = self.taped(asked, &body);
        let mut ready = match Ready::new(self, asked, body, &exchange) {
            Ok(ready) => ready,
            Err(error) => {
                attempt.ends(Outcome::NotSent, None);
                return Err(error.into());
            }
        };
        if let Some(reply) = self.replayed(taped.as_ref()) {
            return self.play(reply, attempt);
        }
        let recording = self.record(taped.as_ref());
        let mut attempt = self.announce(attempt)?;
        self.count_sent(ready.known());
        ready.body = audited::counted(ready.body, exchange);
        let answer = match gateway.transport.send(&permit, ready).await {
            Ok(answer) => answer,
            Err(error) => return Err(self.unanswered(asked, &permit, error, attempt, recording)),
        };
        attempt.answered(answer.status());
        self.answer(asked, answer, attempt, recording)
    }

    /// Waits until the rate limit lets one more attempt go.
    async fn turn(&self, attempt: Attempt) -> Result<Attempt, Failed> {
        let Some(limiter) = self.inner.gateway.rate.as_ref().filter(|_| !self.replays()) else {
            return Ok(attempt);
        };
        match limiter.turn(self.deadline).await {
            Ok(turn) => {
                if let Some(wait) = turn.wait() {
                    self.waits(Wait::Turn, wait);
                }
                turn.come().await;
                Ok(attempt)
            }
            Err(reason) => {
                let error = self.no_turn(limiter.rate(), &reason);
                attempt.refused(Verdict::Limit, "rate-limit", reason.to_string());
                Err(error.into())
            }
        }
    }

    /// What a cassette has in the place of the network.
    fn play(
        &self,
        served: Result<Served, HttpError>,
        mut attempt: Attempt,
    ) -> Result<Incoming, Failed> {
        let served = match served {
            Ok(served) => served,
            Err(error) => {
                attempt.refused(Verdict::Denied, "replay", "the cassette has no answer");
                return Err(error.into());
            }
        };
        attempt.replayed();
        let (setback, reason) = match served {
            Served::Reply(Reply::NotConnected(reason)) => (Some(Setback::NotConnected), reason),
            Served::Reply(Reply::Broken(reason)) => (Some(Setback::Broken), reason),
            Served::TimedOut => {
                attempt.ends(Outcome::Failed, Some("no answer in time".to_owned()));
                return Err(HttpError::Timeout.into());
            }
            Served::Reply(Reply::Answer(answer)) => match self.answer_from(&answer, false) {
                Some(answer) => return Ok(self.played(answer, attempt)),
                None => (None, NO_ANSWER.to_owned()),
            },
            Served::Endless(answer) => match self.answer_from(&answer, true) {
                Some(answer) => return Ok(self.played(answer, attempt)),
                None => (None, NO_ANSWER.to_owned()),
            },
        };
        let error = HttpError::Connection(
            String::from_utf8_lossy(&self.inner.secrets.unshow(reason.as_bytes())).into_owned(),
        );
        attempt.ends(Outcome::Failed, Some(reason));
        Err(Failed { error, setback })
    }

    /// An answer that never was on the network.
    fn played(&self, answer: Answer, mut attempt: Attempt) -> Incoming {
        attempt.answered(answer.status());
        // No secret is in it that could be scrubbed, and it is not to be held back once more.
        Incoming::new(self.clone(), answer, (None, None), attempt)
    }

    /// Why a permitted request has no answer.
    fn unanswered(
        &self,
        asked: &Asked,
        permit: &Permit<'_>,
        error: SendError,
        attempt: Attempt,
        recording: Option<Recording>,
    ) -> Failed {
        let (reason, setback) = match error {
            SendError::NotPermitted(answers) => match permit.filter(&answers) {
                Err(denial) => return self.denied(attempt, &denial).into(),
                Ok(_) => ("the name has no usable address".to_owned(), None),
            },
            SendError::Failed { reason, when } => {
                let origin = asked.target.origin();
                let setback = match when {
                    When::Connecting => Some(Setback::NotConnected),
                    When::Sent => Some(Setback::Broken),
                    When::Always => None,
                };
                (self.inner.secrets.scrub_text(origin, &reason), setback)
            }
        };
        if let Some(recording) = recording {
            recording.failed(setback == Some(Setback::Broken), &reason);
        }
        attempt.ends(Outcome::Failed, Some(self.hide(&reason)));
        Failed {
            error: HttpError::Connection(reason),
            setback,
        }
    }

    /// An answer that the guest may have.
    fn answer(
        &self,
        asked: &Asked,
        mut answer: Answer,
        attempt: Attempt,
        recording: Option<Recording>,
    ) -> Result<Incoming, Failed> {
        let origin = asked.target.origin();
        match self.inner.secrets.answer(origin, answer.headers_mut()) {
            Ok(scrubber) => {
                let parts = (scrubber, recording);
                Ok(Incoming::new(self.clone(), answer, parts, attempt))
            }
            Err(error) => {
                let reason = error.to_string();
                attempt.ends(Outcome::CutOff, Some(self.hide(&reason)));
                Err(HttpError::Connection(reason).into())
            }
        }
    }
}

/// An attempt that came to nothing.
struct Failed {
    error: HttpError,
    /// Why it may go better the next time, if it may.
    setback: Option<Setback>,
}

impl Failed {
    /// The error of the last of so many attempts.
    fn after(self, attempts: u32) -> HttpError {
        match self.error {
            HttpError::Connection(reason) if attempts > 1 => {
                HttpError::Connection(format!("{reason}, in the last of {attempts} attempts"))
            }
            other => other,
        }
    }
}

impl From<HttpError> for Failed {
    fn from(error: HttpError) -> Self {
        Self {
            error,
            setback: None,
        }
    }
}
