//! `Fn::Cidr`.

use std::net::Ipv4Addr;

/// The first `count` blocks with `host_bits` bits for hosts inside `block`; nothing when they do not fit.
pub(super) fn blocks(block: &str, count: u32, host_bits: u32) -> Option<Vec<String>> {
    let (address, prefix) = block.split_once('/')?;
    let address: Ipv4Addr = address.parse().ok()?;
    let prefix: u32 = prefix.parse().ok().filter(|prefix| *prefix <= 32)?;
    if host_bits == 0 || host_bits > 32 - prefix || count == 0 || count > 256 {
        return None;
    }
    let available = 1_u64 << (32 - prefix - host_bits);
    if u64::from(count) > available {
        return None;
    }
    let mask = if prefix == 0 { 0 } else { u32::MAX << (32 - prefix) };
    let start = u32::from(address) & mask;
    Some(
        (0..count)
            .map(|index| format!("{}/{}", Ipv4Addr::from(start | (index << host_bits)), 32 - host_bits))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::blocks;

    #[test]
    fn subnets() {
        assert_eq!(blocks("10.0.0.0/16", 2, 12).unwrap(), ["10.0.0.0/20", "10.0.16.0/20"]);
        assert_eq!(blocks("10.1.2.3/22", 4, 8).unwrap(), ["10.1.0.0/24", "10.1.1.0/24", "10.1.2.0/24", "10.1.3.0/24"]);
        assert_eq!(blocks("10.0.0.0/22", 5, 8), None);
        assert_eq!(blocks("10.0.0.0/28", 1, 8), None);
        assert_eq!(blocks("nonsense", 1, 8), None);
    }
}
