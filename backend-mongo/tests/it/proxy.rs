//! A server behind a wire that can be cut.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;

/// Forwards messages to the server of `MONGODB_URI`. Once armed, it loses the reply to the next
/// message that contains some bytes, and closes the connection: the server has run the command, and
/// the client cannot know.
#[derive(Debug, Clone)]
pub(crate) struct Proxy {
    address: SocketAddr,
    armed: Arc<Mutex<Option<Vec<u8>>>>,
    cuts: Arc<AtomicU32>,
}

impl Proxy {
    pub(crate) async fn start(server_uri: &str) -> Proxy {
        let server = host_of(server_uri);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Proxy {
            address: listener.local_addr().unwrap(),
            armed: Arc::default(),
            cuts: Arc::default(),
        };
        let shared = proxy.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(shared.clone().forward(client, server));
            }
        });
        proxy
    }

    pub(crate) fn uri(&self) -> String {
        format!("mongodb://{}/?directConnection=true", self.address)
    }

    /// Loses the reply to the next message that contains `bytes`.
    pub(crate) async fn cut_at(&self, bytes: &str) {
        *self.armed.lock().await = Some(bytes.as_bytes().to_vec());
    }

    /// How often a reply was lost.
    pub(crate) fn cuts(&self) -> u32 {
        self.cuts.load(Ordering::SeqCst)
    }

    /// One message and its replies at a time; a monitor's streamed replies need no more.
    async fn forward(self, client: TcpStream, server: TcpStream) {
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        let losing = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let lose = losing.clone();
        let back = tokio::spawn(async move {
            while let Some(reply) = message(&mut from_server).await {
                if lose.load(Ordering::SeqCst) || to_client.write_all(&reply).await.is_err() {
                    return;
                }
            }
        });
        while let Some(request) = message(&mut from_client).await {
            let mut armed = self.armed.lock().await;
            let hit = armed
                .as_ref()
                .is_some_and(|bytes| request.windows(bytes.len()).any(|part| part == bytes));
            if hit {
                *armed = None;
                losing.store(true, Ordering::SeqCst);
            }
            drop(armed);
            if to_server.write_all(&request).await.is_err() {
                break;
            }
            if hit {
                let _ = back.await;
                self.cuts.fetch_add(1, Ordering::SeqCst);
                return;
            }
        }
        back.abort();
    }
}

/// A message of MongoDB's wire protocol, which begins with its length.
async fn message(from: &mut (impl AsyncReadExt + Unpin)) -> Option<Vec<u8>> {
    let mut bytes = vec![0; 4];
    from.read_exact(&mut bytes).await.ok()?;
    let length = i32::from_le_bytes(bytes.clone().try_into().unwrap());
    bytes.resize(usize::try_from(length).unwrap(), 0);
    from.read_exact(&mut bytes[4..]).await.ok()?;
    Some(bytes)
}

fn host_of(uri: &str) -> String {
    let hosts = uri.split("://").nth(1).unwrap();
    let hosts = hosts.split(['/', '?']).next().unwrap();
    let host = hosts.rsplit('@').next().unwrap().split(',').next().unwrap();
    if host.contains(':') { host.to_owned() } else { format!("{host}:27017") }
}
