//! The one answer of CloudWatch that the story has, in the protocol its SDK speaks: Smithy RPC v2 in CBOR.
//!
//! <https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html>, RFC 8949

use hyper::StatusCode;
use jiff::{SignedDuration, Timestamp};

/// Minutes ago, and bytes free of the instance's 20 GiB.
const FREE_STORAGE: [(i64, f64); 3] = [(15, 11.42e9), (10, 11.41e9), (5, 11.39e9)];

/// The body for an operation, with datapoints up to `now`.
pub(super) fn answer(operation: &str, now: Timestamp) -> (StatusCode, Vec<u8>) {
    if operation != "GetMetricStatistics" {
        let refusal = [("__type", text("com.amazonaws.cloudwatch#UnknownOperationException")), ("message", text(""))];
        return (StatusCode::NOT_FOUND, map(&refusal));
    }
    let points = FREE_STORAGE.iter().map(|(minutes, bytes)| {
        datapoint(now.saturating_sub(SignedDuration::from_mins(*minutes)).unwrap_or(now), *bytes)
    });
    let body = map(&[("Label", text("FreeStorageSpace")), ("Datapoints", array(&points.collect::<Vec<_>>()))]);
    (StatusCode::OK, body)
}

fn datapoint(at: Timestamp, bytes: f64) -> Vec<u8> {
    map(&[
        ("Timestamp", timestamp(at)),
        ("Average", double(bytes)),
        ("Minimum", double(bytes)),
        ("Maximum", double(bytes)),
        ("Unit", text("Bytes")),
    ])
}

/// The initial bytes of an item; lengths here are all below 2^16.
fn head(major: u8, length: usize) -> Vec<u8> {
    match u8::try_from(length) {
        Ok(short @ 0..24) => vec![(major << 5) + short],
        Ok(byte) => vec![(major << 5) + 24, byte],
        Err(_) => {
            let [high, low] = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
            vec![(major << 5) + 25, high, low]
        }
    }
}

fn text(value: &str) -> Vec<u8> {
    [head(3, value.len()), value.as_bytes().to_vec()].concat()
}

fn array(items: &[Vec<u8>]) -> Vec<u8> {
    [head(4, items.len()), items.concat()].concat()
}

fn map(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let body: Vec<u8> = entries.iter().flat_map(|(name, value)| [text(name), value.clone()].concat()).collect();
    [head(5, entries.len()), body].concat()
}

fn double(value: f64) -> Vec<u8> {
    [vec![(7 << 5) + 27], value.to_be_bytes().to_vec()].concat()
}

/// Tag 1, seconds since the epoch.
fn timestamp(at: Timestamp) -> Vec<u8> {
    [head(6, 1), double(at.as_duration().as_secs_f64().trunc())].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_as_the_rfc_says() {
        // RFC 8949, appendix A
        assert_eq!(text("IETF"), b"\x64IETF");
        assert_eq!(head(4, 25), [0x98, 25]);
        assert_eq!(head(3, 1000), [0x79, 0x03, 0xe8]);
        assert_eq!(double(1.1), [0xfb, 0x3f, 0xf1, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a]);
        let at: Timestamp = "2013-03-21T20:04:00Z".parse().unwrap();
        assert_eq!(timestamp(at)[..2], [0xc1, 0xfb]);
    }
}
