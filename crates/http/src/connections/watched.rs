//! The stream of a connection, looked at on its way: its seat hears what is read, what is taken and what is not.

use super::seat::{Phase, Seat};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// The most it may send meanwhile.
const LINGER_MAX: usize = 16 << 20;

/// A stream whose seat knows what it waits for, and which its client may go on sending to for a while after the end.
pub struct Watched<S> {
    stream: S,
    seat: Arc<Seat>,
    thrown_away: Option<usize>,
}

impl<S> Watched<S> {
    /// Watches `stream`.
    pub const fn on(stream: S, seat: Arc<Seat>) -> Self {
        Self { stream, seat, thrown_away: None }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let (this, before) = (self.get_mut(), buffer.filled().len());
        let polled = Pin::new(&mut this.stream).poll_read(cx, buffer);
        if polled.is_ready() && buffer.filled().len() > before {
            this.seat.heard();
        }
        polled
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.seat.took(&polled);
        polled
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_write_vectored(cx, slices);
        this.seat.took(&polled);
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    /// Ends our side. A client that is still sending would lose its answer if the other side ended as well: what it
    /// sends is thrown away for a while.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.thrown_away.is_none() {
            ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
            this.seat.enter(Phase::Linger, Instant::now());
        }
        let thrown_away = this.thrown_away.get_or_insert(0);
        while this.seat.lingers() && *thrown_away < LINGER_MAX {
            let mut room = [0; 8 << 10];
            let mut buffer = ReadBuf::new(&mut room);
            match ready!(Pin::new(&mut this.stream).poll_read(cx, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => *thrown_away += buffer.filled().len(),
                _ => break,
            }
        }
        Poll::Ready(Ok(()))
    }
}
