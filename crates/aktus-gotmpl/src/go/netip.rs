//! Is this an IP address, and if not, what does Go say?

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::strconv;

/// An address as `net/netip` reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The address.
    pub address: IpAddr,
    /// The zone behind `%`, which only IPv6 addresses have; may be empty.
    pub zone: Vec<u8>,
}

/// A text that is no address. Displays Go's message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressError {
    input: Vec<u8>,
    message: &'static str,
    /// What could not be read; empty if the message needs none.
    at: Vec<u8>,
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ParseAddr({}): {}", strconv::quote(&self.input), self.message)?;
        if !self.at.is_empty() {
            write!(f, " (at {})", strconv::quote(&self.at))?;
        }
        Ok(())
    }
}

impl std::error::Error for AddressError {}

/// Reads an IPv4 or IPv6 address (`netip.ParseAddr`).
pub fn parse(text: &[u8]) -> Result<Address, AddressError> {
    let failed = |(message, at): (&'static str, &[u8])| AddressError { input: text.to_vec(), message, at: at.to_vec() };
    match text.iter().find(|byte| matches!(byte, b'.' | b':' | b'%')) {
        Some(b'.') => {
            let address = IpAddr::V4(ipv4(text).map_err(failed)?);
            Ok(Address { address, zone: Vec::new() })
        }
        Some(b':') => {
            let (rest, zone) = match memchr::memchr(b'%', text) {
                Some(percent) => (&text[..percent], &text[percent + 1..]),
                None => (text, &b""[..]),
            };
            if zone.is_empty() && rest.len() < text.len() {
                return Err(failed(("zone must be a non-empty string", b"")));
            }
            let address = IpAddr::V6(ipv6(rest).map_err(failed)?);
            Ok(Address { address, zone: zone.to_vec() })
        }
        Some(_) => Err(failed(("missing IPv6 address", b""))),
        None => Err(failed(("unable to parse IP", b""))),
    }
}

fn ipv4(text: &[u8]) -> Result<Ipv4Addr, (&'static str, &[u8])> {
    let mut fields = [0_u8; 4];
    let mut field = 0;
    let mut value = 0_u16;
    let mut digits = 0;
    for (index, &byte) in text.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {
                if digits == 1 && value == 0 {
                    return Err(("IPv4 field has octet with leading zero", b""));
                }
                value = value * 10 + u16::from(byte - b'0');
                digits += 1;
                fields[field] = u8::try_from(value).map_err(|_| ("IPv4 field has value >255", &b""[..]))?;
            }
            b'.' => {
                if digits == 0 || index + 1 == text.len() {
                    return Err(("IPv4 field must have at least one digit", &text[index..]));
                }
                if field == 3 {
                    return Err(("IPv4 address too long", b""));
                }
                field += 1;
                value = 0;
                digits = 0;
            }
            _ => return Err(("unexpected character", &text[index..])),
        }
    }
    if field < 3 { Err(("IPv4 address too short", b"")) } else { Ok(fields.into()) }
}

fn ipv6(text: &[u8]) -> Result<Ipv6Addr, (&'static str, &[u8])> {
    let mut bytes = [0_u8; 16];
    let mut length = 0;
    let mut ellipsis = None;
    let mut rest = text;
    if let Some(tail) = rest.strip_prefix(b"::") {
        ellipsis = Some(0);
        rest = tail;
        if rest.is_empty() {
            return Ok(Ipv6Addr::UNSPECIFIED);
        }
    }
    while length < 16 {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        if digits > 4 {
            return Err(("each group must have 4 or less digits", rest));
        }
        if digits == 0 {
            return Err(("each colon-separated field must have at least one digit", rest));
        }
        if rest.get(digits) == Some(&b'.') {
            if ellipsis.is_none() && length != 12 {
                return Err(("embedded IPv4 address must replace the final 2 fields of the address", rest));
            }
            if length + 4 > 16 {
                return Err(("too many hex fields to fit an embedded IPv4 at the end of the address", rest));
            }
            bytes[length..length + 4].copy_from_slice(&ipv4(rest)?.octets());
            length += 4;
            rest = b"";
            break;
        }
        let value = str::from_utf8(&rest[..digits]).ok().and_then(|digits| u16::from_str_radix(digits, 16).ok());
        bytes[length..length + 2].copy_from_slice(&value.unwrap_or(0).to_be_bytes());
        length += 2;
        rest = &rest[digits..];
        match rest {
            [] => break,
            [b':'] => return Err(("colon must be followed by more characters", rest)),
            [b':', b':', tail @ ..] => {
                if ellipsis.is_some() {
                    return Err(("multiple :: in address", &rest[1..]));
                }
                ellipsis = Some(length);
                rest = tail;
                if rest.is_empty() {
                    break;
                }
            }
            [b':', tail @ ..] => rest = tail,
            _ => return Err(("unexpected character, want colon", rest)),
        }
    }
    if !rest.is_empty() {
        return Err(("trailing garbage after address", rest));
    }
    match ellipsis {
        None if length < 16 => return Err(("address string too short", b"")),
        Some(_) if length == 16 => return Err(("the :: must expand to at least one field of zeros", b"")),
        Some(at) => {
            bytes.copy_within(at..length, at + 16 - length);
            bytes[at..at + 16 - length].fill(0);
        }
        None => {}
    }
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    use super::super::recorded;
    use super::*;

    #[test]
    fn as_go() {
        for row in recorded::rows(include_str!("../../tests/fixtures/go/netip.tsv")) {
            let shown = match parse(&row[0]) {
                Ok(Address { address: IpAddr::V4(address), .. }) => format!("{:x?}", address.octets()),
                Ok(Address { address: IpAddr::V6(address), zone }) => {
                    format!("{:x?} {}", address.octets(), recorded::show(&zone))
                }
                Err(error) => error.to_string(),
            };
            assert_eq!(shown.as_bytes(), row[1], "{}", recorded::show(&row[0]));
        }
    }
}
