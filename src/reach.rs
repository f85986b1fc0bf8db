//! Why a server could not be reached, read from the causes of an error.

use std::error::Error as StdError;
use std::io;

/// What stood in the way of a connection, as the middle of a sentence; `None` where the causes do not tell.
pub(crate) fn obstacle(error: &(dyn StdError + 'static)) -> Option<&'static str> {
    let causes = || std::iter::successors(Some(error), |&error| error.source());
    // The libraries that connect keep their own error types to themselves, so some are known by their words alone.
    let says =
        |words: &[&str]| causes().any(|cause| words.iter().any(|word| cause.to_string().contains(word)));
    if says(&["dns error", "failed to lookup address"]) {
        return Some("its name can't be resolved");
    }
    if says(&["certificate", "tls handshake", "TLS"]) {
        return Some("it answers without the TLS or the certificate that `https:` needs");
    }
    if says(&["timed out", "timeout"]) {
        return Some("it did not answer in time");
    }
    causes().find_map(|cause| match innermost(cause.downcast_ref()?).kind() {
        io::ErrorKind::ConnectionRefused => Some("nothing listens at its address"),
        // What rustls can't read comes under this kind.
        io::ErrorKind::InvalidData => Some("it answers without the TLS that `https:` needs"),
        io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe => {
            Some("the connection broke")
        }
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            Some("no network leads to its address")
        }
        io::ErrorKind::TimedOut => Some("it did not answer in time"),
        _ => None,
    })
}

/// An I/O error may hold another, which is not among its causes.
fn innermost(error: &io::Error) -> &io::Error {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<io::Error>()) {
        Some(inner) => innermost(inner),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Wrapped(io::Error);

    impl std::fmt::Display for Wrapped {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("tcp connect error")
        }
    }

    impl StdError for Wrapped {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn the_deepest_cause_tells() {
        let refused = Wrapped(io::ErrorKind::ConnectionRefused.into());
        assert_eq!(obstacle(&refused), Some("nothing listens at its address"));
        let unknown = Wrapped(io::Error::other("dns error: no record found"));
        assert_eq!(obstacle(&unknown), Some("its name can't be resolved"));
        let certificate =
            Wrapped(io::Error::new(io::ErrorKind::InvalidData, "invalid peer certificate: Expired"));
        assert!(obstacle(&certificate).unwrap().contains("certificate"));
        let garbage = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, "corrupt message"));
        assert!(obstacle(&Wrapped(garbage)).unwrap().contains("TLS"));
        assert_eq!(obstacle(&Wrapped(io::Error::other("else"))), None);
    }
}
