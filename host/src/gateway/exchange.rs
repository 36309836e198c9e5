//! One exchange: a request, the redirects that it meets, and its answer.

use super::{
    asked::Asked,
    body::Body,
    incoming::Incoming,
    message::{HttpError, Request, Response, StreamedRequest},
    ready::Ready,
    redirect,
    session::Session,
    transport::SendError,
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
            let answer = self.attempt(&asked, asked.body.clone().into()).await?;
            match redirect::next(self, &asked, &answer)? {
                Some(next) => asked = next,
                None => return Ok(answer),
            }
        }
        Err(HttpError::Connection(format!(
            "more than {MAX_REDIRECTS} redirects"
        )))
    }

    /// Sends a request that streams, and returns when the head of its answer has come.
    ///
    /// # Errors
    /// See [`HttpError`].
    pub async fn stream(&self, request: StreamedRequest) -> Result<Incoming, HttpError> {
        let asked = Asked::check_parts(&request)?;
        // Before anything of the body is taken: a guest that may not send need not say what.
        self.0
            .gateway
            .policy
            .decide(&asked.target)
            .map_err(|denial| self.deny(&denial))?;
        let body = Body::take(self, request.body).await?;
        self.attempt(&asked, body).await
    }

    /// One attempt: the stages in their order. Nothing is looked up or dialled before the policy has
    /// permitted it, and nothing is dialled that the policy has not seen the address of.
    async fn attempt(&self, asked: &Asked, body: Body) -> Result<Incoming, HttpError> {
        let gateway = &self.0.gateway;
        let permit = gateway
            .policy
            .decide(&asked.target)
            .map_err(|denial| self.deny(&denial))?;
        self.take_request(&asked.target)?;
        let ready = Ready::new(self, asked, body)?;
        self.count_sent(ready.known());
        let origin = asked.target.origin();
        let sent = gateway.transport.send(&permit, ready).await;
        let mut answer = sent.map_err(|error| match error {
            SendError::NotPermitted(answers) => match permit.filter(&answers) {
                Err(denial) => self.deny(&denial),
                Ok(_) => HttpError::Connection("the name has no usable address".to_owned()),
            },
            SendError::Failed(reason) => {
                HttpError::Connection(self.0.secrets.scrub_text(origin, &reason))
            }
        })?;
        let scrubber = self.0.secrets.answer(origin, answer.headers_mut());
        let scrubber = scrubber.map_err(|error| HttpError::Connection(error.to_string()))?;
        Ok(Incoming::new(self.clone(), answer, scrubber))
    }
}
