use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use axum::http::HeaderMap;
use ipnet::{AddrParseError, IpNet};
use kernel::config::{Reader, Settings};

const HEADER: &str = "x-forwarded-for";

/// The proxies that tell the truth about who is behind them.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    networks: Vec<IpNet>,
    /// Whether somebody has said so, and be it that there are none.
    pub(crate) is_given: bool,
}

impl Settings for Proxies {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        Some(reader.read("TRUSTED_PROXIES", "addresses or networks such as `10.0.0.0/8,::1`", Self::default()))
    }
}

impl FromStr for Proxies {
    type Err = AddrParseError;

    fn from_str(list: &str) -> Result<Self, Self::Err> {
        let entries = list.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let parse = |entry: &str| entry.parse().or_else(|error| entry.parse().map(IpAddr::into).map_err(|_| error));
        Ok(Self { networks: entries.map(parse).collect::<Result<_, _>>()?, is_given: true })
    }
}

impl Proxies {
    /// The header is read from its end, where the nearest proxy has added what it saw. Whatever stands to the left of an
    /// address that is not trusted may be made up.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let values = headers.get_all(HEADER).iter().rev();
        let mut hops = values.flat_map(|value| value.to_str().unwrap_or_default().rsplit(','));
        while self.trusts(client) {
            let Some(hop) = hops.next().and_then(parse) else { break };
            client = hop;
        }
        client
    }

    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&address.to_canonical()))
    }
}

/// Whether a machine nearby speaks for others, and is not trusted.
pub fn is_unknown_proxy(client: IpAddr, headers: &HeaderMap) -> bool {
    let is_near = match client {
        IpAddr::V4(address) => {
            let is_shared = address.octets()[0] == 100 && address.octets()[1] & 0xc0 == 64;
            address.is_private() || address.is_loopback() || address.is_link_local() || is_shared
        }
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
    };
    is_near && headers.contains_key(HEADER)
}

/// Some proxies add the port, and some put brackets around IPv6 addresses.
fn parse(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop);
    let address = bare.parse().or_else(|_| hop.parse().map(|with_port: SocketAddr| with_port.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(trusted: &str, peer: &str, forwarded: &[&'static str]) -> String {
        let headers = forwarded.iter().map(|value| (HEADER.parse().unwrap(), value.parse().unwrap())).collect();
        let proxies: Proxies = trusted.parse().unwrap();
        proxies.client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn nobody_is_trusted_by_default() {
        assert_eq!(client("", "203.0.113.7", &["198.51.100.1"]), "203.0.113.7");
        assert_eq!(client("", "127.0.0.1", &["198.51.100.1"]), "127.0.0.1");
    }

    #[test]
    fn a_header_from_elsewhere_is_ignored() {
        assert_eq!(client("10.0.0.0/8", "203.0.113.7", &["198.51.100.1, 10.0.0.1"]), "203.0.113.7");
    }

    #[test]
    fn what_the_client_made_up_is_never_reached() {
        assert_eq!(client("10.0.0.0/8", "10.0.0.1", &["198.51.100.1, 203.0.113.7"]), "203.0.113.7");
        assert_eq!(client("10.0.0.0/8", "10.0.0.1", &["10.0.0.9, 203.0.113.7", "10.0.0.2"]), "203.0.113.7");
        assert_eq!(client("10.0.0.0/8", "10.0.0.1", &["198.51.100.1, nonsense"]), "10.0.0.1");
    }

    #[test]
    fn addresses_come_in_many_shapes() {
        assert_eq!(client("10.0.0.1", "::ffff:10.0.0.1", &["203.0.113.7:4711"]), "203.0.113.7");
        assert_eq!(client("::1", "::1", &["[2001:db8::7]:4711"]), "2001:db8::7");
        assert_eq!(client("::1", "::1", &["[2001:db8::7]"]), "2001:db8::7");
        assert_eq!(client("::1", "::1", &["[::ffff:203.0.113.7]"]), "203.0.113.7");
        assert_eq!(client("::1", "::1", &["203.0.113.7, [2001:db8::7"]), "::1");
        assert_eq!(client("::1, 10.0.0.0/8", "10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn a_proxy_is_near_and_speaks_for_others() {
        let mut spoken = HeaderMap::new();
        spoken.insert(HEADER, "203.0.113.7".parse().unwrap());
        for (near, expected) in [
            ("127.0.0.1", true),
            ("172.18.0.1", true),
            ("100.64.0.1", true),
            ("fd00::1", true),
            ("fe80::1", true),
            ("100.128.0.1", false),
            ("203.0.113.1", false),
            ("2001:db8::1", false),
        ] {
            assert_eq!(is_unknown_proxy(near.parse().unwrap(), &spoken), expected, "{near}");
            assert!(!is_unknown_proxy(near.parse().unwrap(), &HeaderMap::new()), "{near}");
        }
    }

    #[test]
    fn networks_must_be_well_formed() {
        assert!("10.0.0.0/8,proxy".parse::<Proxies>().is_err());
        assert!("10.0.0.0/40".parse::<Proxies>().is_err());
    }
}
