//! `arborist:runner/http`: the first door to the gateway.

use crate::{
    engine::{
        bindings::runner::arborist::runner::http::{
            Header, Host, HostIncoming, HttpError as GuestError, Request as GuestRequest,
            Response as GuestResponse,
        },
        state::RunState,
    },
    gateway::{HttpError, Incoming, Request, Response},
};
use wasmtime::component::Resource;

/// The largest piece that one `read` gives, as the contract says: 64 KiB.
const PIECE: usize = 64 * 1024;

impl Host for RunState {
    async fn send(
        &mut self,
        request: GuestRequest,
    ) -> wasmtime::Result<Result<GuestResponse, GuestError>> {
        let answer = self.session.send(lift(request)).await;
        Ok(answer.map(lower).map_err(GuestError::from))
    }

    async fn open(
        &mut self,
        request: GuestRequest,
    ) -> wasmtime::Result<Result<Resource<Incoming>, GuestError>> {
        match self.session.open(lift(request)).await {
            Ok(incoming) => Ok(Ok(self.table.push(incoming)?)),
            Err(error) => Ok(Err(error.into())),
        }
    }
}

impl HostIncoming for RunState {
    fn status(&mut self, incoming: Resource<Incoming>) -> wasmtime::Result<u16> {
        Ok(self.table.get(&incoming)?.status())
    }

    fn headers(&mut self, incoming: Resource<Incoming>) -> wasmtime::Result<Vec<Header>> {
        Ok(self
            .table
            .get(&incoming)?
            .headers()
            .iter()
            .cloned()
            .map(Header::from)
            .collect())
    }

    async fn read(
        &mut self,
        incoming: Resource<Incoming>,
        max: u32,
    ) -> wasmtime::Result<Result<Option<Vec<u8>>, GuestError>> {
        if max == 0 {
            let reason = "`read` was asked for at most 0 bytes".to_owned();
            return Ok(Err(GuestError::InvalidRequest(reason)));
        }
        let max = usize::try_from(max).unwrap_or(PIECE).min(PIECE);
        let piece = self.table.get_mut(&incoming)?.read(max).await;
        Ok(piece.map_err(GuestError::from))
    }

    fn drop(&mut self, incoming: Resource<Incoming>) -> wasmtime::Result<()> {
        self.table.delete(incoming)?;
        Ok(())
    }
}

fn lift(request: GuestRequest) -> Request {
    Request {
        method: request.method,
        url: request.url,
        headers: request
            .headers
            .into_iter()
            .map(|header| (header.name, header.value))
            .collect(),
        body: request.body,
    }
}

fn lower(response: Response) -> GuestResponse {
    GuestResponse {
        status: response.status,
        headers: response.headers.into_iter().map(Header::from).collect(),
        body: response.body,
    }
}

impl From<(String, String)> for Header {
    fn from((name, value): (String, String)) -> Self {
        Self { name, value }
    }
}

impl From<HttpError> for GuestError {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Denied(text) => Self::Denied(text),
            HttpError::Timeout => Self::Timeout,
            HttpError::TooLarge(bytes) => Self::TooLarge(bytes),
            HttpError::RateLimited => Self::RateLimited,
            HttpError::Connection(text) => Self::Connection(text),
            HttpError::InvalidRequest(text) => Self::InvalidRequest(text),
            HttpError::BudgetExhausted(text) => Self::BudgetExhausted(text),
        }
    }
}
