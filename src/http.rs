//! What the HTTP clients have in common, whatever they speak.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, ClientBuilder, redirect};

use crate::dial::Dialer;

/// A client that connects through `dialer`. Neither a redirect nor a proxy of the environment can carry a secret to
/// another host.
pub(crate) fn client(dialer: &Dialer) -> ClientBuilder {
    Client::builder().redirect(redirect::Policy::none()).no_proxy().dns_resolver(Names(dialer.clone()))
}

struct Names(Dialer);

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let dialer = self.0.clone();
        Box::pin(async move {
            let addresses = dialer.resolve(name.as_str()).await?;
            // Port 0 stands for the URL's.
            Ok(Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}
