//! A session over a stream that is brought along.

use std::io;
use std::net::IpAddr;

use futures_io::{AsyncRead, AsyncWrite};
use pop3_maildrop::{Cut, Door, Service, attend};
use pop3_proto::server::Ending;

use crate::wire::Wire;

/// Serves a client over a stream that is brought along, such as a Unix socket, and tells how its
/// session ended; `None` if there was none, because there was no place for one.
///
/// The address counts at the service's [gate](Service::gate). A client from nowhere is taken for
/// one on this machine, whose passwords are taken in clear text: what comes out of an encrypted
/// stream is best served so.
///
/// Dropping the future ends the session and removes nothing, except that letters which are being
/// removed by a blocking store already are removed.
///
/// # Errors
/// When a store has panicked.
///
/// ```
/// use std::sync::Arc;
/// use pop3_async_std::{Client, Options, serve_stream};
/// use pop3_maildrop::{Service, memory::MemoryMaildrops};
/// use smol::net::unix::UnixStream;
///
/// # smol::block_on(async {
/// let office = Arc::new(MemoryMaildrops::new());
/// let service = Service::new(office.clone(), office);
/// let (here, there) = UnixStream::pair()?;
/// let serving = smol::spawn(async move { serve_stream(there, None, &service).await });
///
/// Client::with_stream(here, &Options::default()).await?.quit().await?;
/// assert!(serving.await?.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub async fn serve_stream<S>(
    stream: S,
    peer: Option<IpAddr>,
    service: &Service,
) -> io::Result<Option<Ending>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let received = service.receive(peer, Door::PLAIN);
    attend(Wire::new(stream), received, service, Cut::never()).await
}
