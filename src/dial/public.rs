//! Which addresses are public.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// What an address is for that is not a public one, in words such as `a loopback address`; `None` for a public one.
///
/// Public is what the registries of special-purpose addresses (RFC 6890) leave over. An IPv6 address that carries an
/// IPv4 address, by mapping (`::ffff:0:0/96`) or by NAT64 (`64:ff9b::/96`), is what that one is; other forms that carry
/// one, such as 6to4 and Teredo, are out of use and never public.
#[must_use]
pub fn special_use(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => special_v4(address),
        IpAddr::V6(address) => match carried(address) {
            Some(carried) => special_v4(carried),
            None => special_v6(address),
        },
    }
}

const PRIVATE: &str = "a private address";
const DOCUMENTATION: &str = "an address that stands in documentation only";
const RESERVED: &str = "an address that is not in public use";

const V4: [(Ipv4Net, &str); 16] = [
    (v4([0, 0, 0, 0], 8), "an address that means this machine"),
    (v4([10, 0, 0, 0], 8), PRIVATE),
    (v4([100, 64, 0, 0], 10), "an address behind a provider's NAT"),
    (v4([127, 0, 0, 0], 8), "a loopback address"),
    (v4([168, 63, 129, 16], 32), "a cloud's service to its machines"),
    (v4([169, 254, 0, 0], 16), "a link-local address, where clouds keep their machines' identity"),
    (v4([172, 16, 0, 0], 12), PRIVATE),
    (v4([192, 0, 0, 0], 24), RESERVED),
    (v4([192, 0, 2, 0], 24), DOCUMENTATION),
    (v4([192, 88, 99, 0], 24), RESERVED),
    (v4([192, 168, 0, 0], 16), PRIVATE),
    (v4([198, 18, 0, 0], 15), "an address for benchmarks"),
    (v4([198, 51, 100, 0], 24), DOCUMENTATION),
    (v4([203, 0, 113, 0], 24), DOCUMENTATION),
    (v4([224, 0, 0, 0], 4), "a multicast address"),
    (v4([240, 0, 0, 0], 4), RESERVED),
];

/// Outside of this lies nothing public.
const V6_PUBLIC: Ipv6Net = v6([0x2000, 0, 0], 3);

/// The first that fits counts.
const V6: [(Ipv6Net, &str); 11] = [
    (v6([0, 0, 0], 128), "an address that means this machine"),
    (Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128), "a loopback address"),
    (v6([0xfc00, 0, 0], 7), PRIVATE),
    (v6([0xfe80, 0, 0], 10), "a link-local address"),
    (v6([0xfec0, 0, 0], 10), PRIVATE),
    (v6([0xff00, 0, 0], 8), "a multicast address"),
    (v6([0x2001, 0xdb8, 0], 32), DOCUMENTATION),
    (v6([0x3fff, 0, 0], 20), DOCUMENTATION),
    (v6([0x2001, 2, 0], 48), "an address for benchmarks"),
    // With Teredo, 2001::/32.
    (v6([0x2001, 0, 0], 23), RESERVED),
    // 6to4.
    (v6([0x2002, 0, 0], 16), RESERVED),
];

const MAPPED: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96);
const NAT64: Ipv6Net = v6([0x64, 0xff9b, 0], 96);

const fn v4([a, b, c, d]: [u8; 4], prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6([a, b, c]: [u16; 3], prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), prefix)
}

fn special_v4(address: Ipv4Addr) -> Option<&'static str> {
    V4.iter().find(|(net, _)| net.contains(&address)).map(|(_, what)| *what)
}

fn special_v6(address: Ipv6Addr) -> Option<&'static str> {
    let special = V6.iter().find(|(net, _)| net.contains(&address)).map(|(_, what)| *what);
    special.or_else(|| (!V6_PUBLIC.contains(&address)).then_some(RESERVED))
}

/// The IPv4 address to which a packet to `address` goes in the end.
fn carried(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [.., a, b, c, d] = address.octets();
    (MAPPED.contains(&address) || NAT64.contains(&address)).then(|| Ipv4Addr::new(a, b, c, d))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn special(text: &str) -> Option<&'static str> {
        special_use(text.parse().unwrap())
    }

    #[test]
    fn first_and_last_of_each_special_block_are_not_public_and_their_neighbours_are() {
        for (first, last, before, after) in [
            ("0.0.0.0", "0.255.255.255", None, Some("1.0.0.0")),
            ("10.0.0.0", "10.255.255.255", Some("9.255.255.255"), Some("11.0.0.0")),
            ("100.64.0.0", "100.127.255.255", Some("100.63.255.255"), Some("100.128.0.0")),
            ("127.0.0.0", "127.255.255.255", Some("126.255.255.255"), Some("128.0.0.0")),
            ("168.63.129.16", "168.63.129.16", Some("168.63.129.15"), Some("168.63.129.17")),
            ("169.254.0.0", "169.254.255.255", Some("169.253.255.255"), Some("169.255.0.0")),
            ("172.16.0.0", "172.31.255.255", Some("172.15.255.255"), Some("172.32.0.0")),
            ("192.0.0.0", "192.0.0.255", Some("191.255.255.255"), Some("192.0.1.0")),
            ("192.0.2.0", "192.0.2.255", Some("192.0.1.255"), Some("192.0.3.0")),
            ("192.88.99.0", "192.88.99.255", Some("192.88.98.255"), Some("192.88.100.0")),
            ("192.168.0.0", "192.168.255.255", Some("192.167.255.255"), Some("192.169.0.0")),
            ("198.18.0.0", "198.19.255.255", Some("198.17.255.255"), Some("198.20.0.0")),
            ("198.51.100.0", "198.51.100.255", Some("198.51.99.255"), Some("198.51.101.0")),
            ("203.0.113.0", "203.0.113.255", Some("203.0.112.255"), Some("203.0.114.0")),
            ("224.0.0.0", "255.255.255.255", Some("223.255.255.255"), None),
            ("::", "1fff:ffff::", None, Some("2000::")),
            ("2001::", "2001:1ff:ffff::", Some("2000:ffff::"), Some("2001:200::")),
            ("2001:db8::", "2001:db8:ffff::", Some("2001:db7:ffff::"), Some("2001:db9::")),
            ("2002::", "2002:ffff::", Some("2001:ffff::"), Some("2003::")),
            ("3fff::", "3fff:fff:ffff::", Some("3ffe:ffff::"), Some("3fff:1000::")),
            ("4000::", "ffff::", None, None),
        ] {
            assert!(special(first).is_some() && special(last).is_some(), "{first} to {last}");
            for public in [before, after].into_iter().flatten() {
                assert_eq!(special(public), None, "{public}");
            }
        }
    }

    #[test]
    fn each_kind_has_its_words() {
        for (address, what) in [
            ("127.0.0.1", "a loopback address"),
            ("::1", "a loopback address"),
            ("169.254.169.254", "a link-local address, where clouds keep their machines' identity"),
            ("fe80::1", "a link-local address"),
            ("fd00:ec2::254", "a private address"),
            ("100.100.100.200", "an address behind a provider's NAT"),
            ("239.1.1.1", "a multicast address"),
            ("ff02::1", "a multicast address"),
            ("0.0.0.0", "an address that means this machine"),
            ("::", "an address that means this machine"),
            ("2001:2::1", "an address for benchmarks"),
        ] {
            assert_eq!(special(address), Some(what), "{address}");
        }
    }

    #[test]
    fn an_address_inside_of_an_address_is_judged() {
        for carried in ["127.0.0.1", "10.1.2.3", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1"] {
            for form in [format!("::ffff:{carried}"), format!("64:ff9b::{carried}")] {
                assert_eq!(special(&form), special(carried), "{form}");
            }
            assert!(special(&format!("::{carried}")).is_some(), "compatible {carried}");
        }
        for public in ["::ffff:8.8.8.8", "64:ff9b::8.8.8.8"] {
            assert_eq!(special(public), None, "{public}");
        }
        for never in ["2002:7f00:1::", "2002:0808:0808::", "2001:0:7f00:1::", "64:ff9b:1::a00:1", "::8.8.8.8"]
        {
            assert!(special(never).is_some(), "{never}");
        }
    }
}
