//! As much of MongoDB's wire protocol as it takes to turn a fresh server into a replica set: one command out as
//! OP_MSG, its reply's plain fields back.
//!
//! By hand, since the driver would make the first `cargo xtask` wait a minute for its build.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::Result;

const OP_MSG: i32 = 2013;
/// The server's own limit is 48 000 000 bytes; a reply to `hello` has under a thousand.
const MAX_REPLY: usize = 1 << 20;
const TIMEOUT: Duration = Duration::from_secs(30);

/// A value in a command that we send.
pub(super) enum Value<'a> {
    Int(i32),
    Str(&'a str),
    Doc(&'a [(&'a str, Value<'a>)]),
    Array(&'a [Value<'a>]),
}

/// A reply: its top-level fields that are numbers, booleans or strings. Other fields are passed over.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Reply(Vec<(String, Plain)>);

#[derive(Debug, PartialEq)]
enum Plain {
    Number(f64),
    Bool(bool),
    Str(String),
}

impl Reply {
    /// Whether the server carried the command out.
    pub(super) fn is_ok(&self) -> bool {
        self.0.iter().any(|(name, value)| name == "ok" && *value == Plain::Number(1.0))
    }

    pub(super) fn is_true(&self, field: &str) -> bool {
        self.0.iter().any(|(name, value)| name == field && *value == Plain::Bool(true))
    }

    /// A string field, or `""`.
    pub(super) fn str(&self, field: &str) -> &str {
        let found = self.0.iter().find_map(|(name, value)| match value {
            Plain::Str(text) if name == field => Some(text.as_str()),
            _ => None,
        });
        found.unwrap_or_default()
    }
}

/// Runs one command on the server at `address`, over a connection of its own.
pub(super) fn run_command(port: u16, command: &[(&str, Value<'_>)]) -> Result<Reply> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    stream.write_all(&message(command))?;

    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = usize::try_from(i32::from_le_bytes(length)).unwrap_or(0);
    if !(21..=MAX_REPLY).contains(&length) {
        return Err(format!("a reply of {length} bytes is not MongoDB's").into());
    }
    let mut rest = vec![0; length - 4];
    stream.read_exact(&mut rest)?;
    reply(&rest)
}

/// An OP_MSG with one body section: length, request id, response to, code, flags, section kind 0, document.
fn message(command: &[(&str, Value<'_>)]) -> Vec<u8> {
    let body = document(command);
    let mut message = Vec::with_capacity(21 + body.len());
    for word in [length(21 + body.len()), 1, 0, OP_MSG, 0] {
        message.extend(word.to_le_bytes());
    }
    message.push(0);
    message.extend(body);
    message
}

fn document(fields: &[(&str, Value<'_>)]) -> Vec<u8> {
    sized(fields.iter().flat_map(|(name, value)| field(name, value)).collect())
}

fn field(name: &str, value: &Value<'_>) -> Vec<u8> {
    let (tag, bytes) = match value {
        Value::Int(n) => (0x10, n.to_le_bytes().to_vec()),
        Value::Str(text) => {
            let bytes = text.bytes().chain([0]);
            (0x02, length(text.len() + 1).to_le_bytes().into_iter().chain(bytes).collect())
        }
        Value::Doc(fields) => (0x03, document(fields)),
        Value::Array(items) => (
            0x04,
            sized(
                (0..)
                    .zip(*items)
                    .flat_map(|(index, item)| field(&index.to_string(), item))
                    .collect(),
            ),
        ),
    };
    [tag].into_iter().chain(name.bytes()).chain([0]).chain(bytes).collect()
}

/// Fields, in the frame of a document: its length before, a zero behind.
fn sized(fields: Vec<u8>) -> Vec<u8> {
    let length = length(fields.len() + 5);
    length.to_le_bytes().into_iter().chain(fields).chain([0]).collect()
}

fn length(bytes: usize) -> i32 {
    i32::try_from(bytes).expect("our commands are a few hundred bytes")
}

/// Reads an OP_MSG from after its length field.
fn reply(message: &[u8]) -> Result<Reply> {
    let mut reader = Reader(message);
    let (_request, _response_to) = (reader.i32()?, reader.i32()?);
    let (code, _flags, kind) = (reader.i32()?, reader.i32()?, reader.take(1)?[0]);
    if code != OP_MSG || kind != 0 {
        return Err(
            format!("expected an OP_MSG with a body, got code {code}, section {kind}").into()
        );
    }
    let _length = reader.i32()?;
    let mut fields = Vec::new();
    loop {
        let tag = reader.take(1)?[0];
        if tag == 0 {
            return Ok(Reply(fields));
        }
        let name = reader.c_str()?;
        if let Some(value) = reader.value(tag)? {
            fields.push((name, value));
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n).ok_or("the reply ends too early")?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        Ok(self.take(N)?.try_into()?)
    }

    fn i32(&mut self) -> Result<i32> {
        Ok(i32::from_le_bytes(self.array()?))
    }

    fn c_str(&mut self) -> Result<String> {
        let end = self.0.iter().position(|&byte| byte == 0).ok_or("a name without an end")?;
        let name = String::from_utf8_lossy(self.take(end)?).into_owned();
        self.take(1)?;
        Ok(name)
    }

    /// The value after a field's name, or `None` for a type that is passed over.
    #[expect(clippy::cast_precision_loss, reason = "only `ok` is ever looked at")]
    fn value(&mut self, tag: u8) -> Result<Option<Plain>> {
        let value = match tag {
            0x01 => Plain::Number(f64::from_le_bytes(self.array()?)),
            0x08 => Plain::Bool(self.take(1)?[0] != 0),
            0x10 => Plain::Number(f64::from(self.i32()?)),
            0x12 => Plain::Number(i64::from_le_bytes(self.array()?) as f64),
            0x02 => {
                let length = usize::try_from(self.i32()?)?;
                let text = self.take(length)?;
                Plain::Str(
                    String::from_utf8_lossy(text.strip_suffix(&[0]).unwrap_or(text)).into_owned(),
                )
            }
            _ => {
                self.skip(tag)?;
                return Ok(None);
            }
        };
        Ok(Some(value))
    }

    fn skip(&mut self, tag: u8) -> Result<()> {
        let bytes = match tag {
            0x03 | 0x04 => usize::try_from(self.i32()?)?
                .checked_sub(4)
                .ok_or("a document shorter than its length")?,
            0x05 => usize::try_from(self.i32()?)?.saturating_add(1),
            0x07 => 12,
            0x09 | 0x11 => 8,
            0x0a => 0,
            0x13 => 16,
            _ => return Err(format!("a reply with a field of BSON type {tag:#04x}").into()),
        };
        self.take(bytes).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn bytes(hex: &str) -> Vec<u8> {
        hex.as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    /// `expected` is what pymongo's `bson.encode` gives for the same document.
    fn check_message(command: &[(&str, Value<'_>)], expected: &str) {
        let message = message(command);
        let length = u32::try_from(message.len()).unwrap();
        let header = [length, 1, 0, 2013, 0].map(|word| hex(&word.to_le_bytes())).concat();
        assert_eq!(hex(&message), format!("{header}00{expected}"));
    }

    #[test]
    fn commands_are_encoded_as_bson() {
        check_message(
            &[("hello", Value::Int(1)), ("$db", Value::Str("admin"))],
            "1f0000001068656c6c6f000100000002246462000600000061646d696e0000",
        );
        let member = [("_id", Value::Int(0)), ("host", Value::Str("127.0.0.1:1"))];
        let members = [Value::Doc(&member)];
        let config = [("_id", Value::Str("rs0")), ("members", Value::Array(&members))];
        check_message(
            &[("replSetInitiate", Value::Doc(&config)), ("$db", Value::Str("admin"))],
            "6c000000037265706c536574496e6974696174650047000000025f6964000400000072733000046d656d62657273002c0000000330\
             0024000000105f6964000000000002686f7374000c0000003132372e302e302e313a310000000002246462000600000061646d696e\
             0000",
        );
    }

    fn check_reply(document: &str, expected: &[(&str, Plain)]) {
        let message = bytes(&format!("0700000001000000dd0700000000000000{document}"));
        let Reply(fields) = reply(&message).unwrap();
        assert_eq!(
            fields.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
            expected.iter().map(|e| e.0).collect::<Vec<_>>()
        );
        assert!(fields.iter().map(|(_, value)| value).eq(expected.iter().map(|(_, value)| value)));
        // Cut anywhere, it is an error and not a panic.
        for end in 0..message.len() {
            assert!(reply(&message[..end]).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn replies_are_read() {
        // {ok: 1.0, isWritablePrimary: true, codeName: "X", n: 3}
        check_reply(
            "3c000000016f6b00000000000000f03f0869735772697461626c655072696d617279000102636f64654e616d65000200000058001\
             06e000300000000",
            &[
                ("ok", Plain::Number(1.0)),
                ("isWritablePrimary", Plain::Bool(true)),
                ("codeName", Plain::Str("X".into())),
                ("n", Plain::Number(3.0)),
            ],
        );
        // A document, array, binary, ObjectId, date, null, timestamp and decimal are passed over.
        check_reply(
            "8700000003646f63000c000000106100010000000004617272000e000000023000020000007800000562696e0002000000000102\
             076f6964000123456789abcdef0123456709646174650000e8665e6f0100000a6e756c6c00117473000200000001000000136465\
             63000f000000000000000000000000003e30016f6b00000000000000f03f00",
            &[("ok", Plain::Number(1.0))],
        );
    }

    #[test]
    fn what_is_not_a_reply_is_refused() {
        for message in [
            "",
            "0700000001000000d40700000000000000",
            "0700000001000000dd07000000000000010500000000",
        ] {
            assert!(reply(&bytes(message)).is_err(), "{message}");
        }
        // A string and a document with a length below zero.
        for field in ["026100ffffffff", "036100ffffffff", "03610003000000", "7f610000"] {
            assert!(
                reply(&bytes(&format!("0700000001000000dd070000000000000040000000{field}")))
                    .is_err(),
                "{field}"
            );
        }
    }
}
