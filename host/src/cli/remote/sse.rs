//! Server-sent events, taken apart.

/// Collects the bytes of a stream and gives its events.
#[derive(Debug, Default)]
pub(super) struct EventReader {
    bytes: Vec<u8>,
}

/// An event with its name and data.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ServerEvent {
    pub(super) name: String,
    pub(super) data: String,
}

impl EventReader {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next event that is there whole. Comments, which keep the connection alive, are none.
    pub(super) fn next(&mut self) -> Option<ServerEvent> {
        loop {
            let end = self.bytes.windows(2).position(|pair| pair == b"\n\n")?;
            let block: Vec<u8> = self.bytes.drain(..end + 2).collect();
            if let Some(event) = parse(&String::from_utf8_lossy(&block)) {
                return Some(event);
            }
        }
    }
}

fn parse(block: &str) -> Option<ServerEvent> {
    let mut event = ServerEvent { name: String::new(), data: String::new() };
    for line in block.lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut event.name),
            "data" if event.data.is_empty() => value.clone_into(&mut event.data),
            "data" => event.data.extend(["\n", value]),
            _ => {}
        }
    }
    (!event.data.is_empty()).then_some(event)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_whole_wherever_the_stream_is_cut() {
        let stream = "retry: 1000\n\n: alive\n\nid: 1-0\nevent: text\ndata: {\"text\":\"Grüße: 👋\"}\n\nevent: done\ndata: {\ndata:}\n\nevent: half";
        let whole = [("text", "{\"text\":\"Grüße: 👋\"}"), ("done", "{\n}")];
        for size in [1, 2, 3, 7, stream.len()] {
            let mut reader = EventReader::default();
            let mut events = Vec::new();
            for piece in stream.as_bytes().chunks(size) {
                reader.push(piece);
                events.extend(std::iter::from_fn(|| reader.next()));
            }
            let events: Vec<_> = events.iter().map(|event| (&*event.name, &*event.data)).collect();
            assert_eq!(events, whole, "{size}");
        }
    }
}
