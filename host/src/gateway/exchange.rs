//! One exchange: a request, the redirects that it meets, and its answer.

use super::{
    asked::Asked,
    audited,
    body::Body,
    incoming::Incoming,
    message::{HttpError, Request, Response, StreamedRequest},
    ready::Ready,
    redirect,
    session::Session,
    transport::{Answer, SendError},
};
use crate::{
    audit::{Attempt, Outcome, Verdict},
    limits::Limit,
    policy::Permit,
};

/// The most redirects that one request follows, as the contract says.
const MAX_REDIRECTS: usize = 10;

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
        for _ in 0..=MAX_REDIRECTS {
            let (permit, attempt) = self.permit(&asked)?;
            let body = asked.body.clone().into();
            let mut answer = self.attempt(&asked, permit, body, attempt).await?;
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
        self.attempt(&asked, permit, body, attempt).await
    }

    /// The first stages: the policy's leave, and a request out of the budget.
    fn permit<'a>(&'a self, asked: &'a Asked) -> Result<(Permit<'a>, Attempt), HttpError> {
        let mut attempt = self.audit(asked);
        let permit = match self.0.gateway.policy.decide(&asked.target) {
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

    /// One attempt: the stages in their order. Nothing is looked up or dialled before the policy has
    /// permitted it, and nothing is dialled that the policy has not seen the address of.
    async fn attempt(
        &self,
        asked: &Asked,
        permit: Permit<'_>,
        body: Body,
        attempt: Attempt,
    ) -> Result<Incoming, HttpError> {
        let gateway = &self.0.gateway;
        let exchange = attempt.exchange();
        let ready = Ready::new(self, asked, body, &exchange);
        let mut ready = match ready {
            Ok(ready) => ready,
            Err(error) => {
                attempt.ends(Outcome::NotSent, None);
                return Err(error);
            }
        };
        let mut attempt = self.announce(attempt)?;
        self.count_sent(ready.known());
        ready.body = audited::counted(ready.body, exchange);
        let answer = match gateway.transport.send(&permit, ready).await {
            Ok(answer) => answer,
            Err(error) => return Err(self.unanswered(asked, &permit, error, attempt)),
        };
        attempt.answered(answer.status());
        self.answer(asked, answer, attempt)
    }

    /// Why a permitted request has no answer.
    fn unanswered(
        &self,
        asked: &Asked,
        permit: &Permit<'_>,
        error: SendError,
        attempt: Attempt,
    ) -> HttpError {
        let reason = match error {
            SendError::NotPermitted(answers) => match permit.filter(&answers) {
                Err(denial) => return self.denied(attempt, &denial),
                Ok(_) => "the name has no usable address".to_owned(),
            },
            SendError::Failed(reason) => {
                let origin = asked.target.origin();
                self.0.secrets.scrub_text(origin, &reason)
            }
        };
        attempt.ends(Outcome::Failed, Some(self.hide(&reason)));
        HttpError::Connection(reason)
    }

    /// An answer that the guest may have.
    fn answer(
        &self,
        asked: &Asked,
        mut answer: Answer,
        attempt: Attempt,
    ) -> Result<Incoming, HttpError> {
        let origin = asked.target.origin();
        match self.0.secrets.answer(origin, answer.headers_mut()) {
            Ok(scrubber) => Ok(Incoming::new(self.clone(), answer, scrubber, attempt)),
            Err(error) => {
                let reason = error.to_string();
                attempt.ends(Outcome::CutOff, Some(self.hide(&reason)));
                Err(HttpError::Connection(reason))
            }
        }
    }
}
