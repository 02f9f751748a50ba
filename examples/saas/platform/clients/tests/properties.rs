//! Whatever clients claim, only a proxy that is trusted says who they are.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderValue, Request},
};
use clients::ClientIp;
use proptest::{collection::vec, prelude::*};
use testkit::TestApp;
use tokio::runtime::Runtime;

/// Parts of a header, plausible ones among them.
fn hops() -> impl Strategy<Value = String> {
    let address = prop_oneof![any::<[u8; 4]>().prop_map(IpAddr::from), any::<[u16; 8]>().prop_map(IpAddr::from)];
    let hop = prop_oneof![
        3 => (address, any::<u16>(), 0..3).prop_map(|(address, port, shape)| match shape {
            0 => address.to_string(),
            1 => SocketAddr::new(address, port).to_string(),
            _ => format!("10.{port}.0.1"),
        }),
        1 => "[ -~]{0,20}",
    ];
    vec(hop, 0..4).prop_map(|hops| hops.join(", "))
}

#[test]
fn a_client_is_the_peer_or_somebody_that_the_header_names() {
    let runtime = Runtime::new().unwrap();
    let variables = [("TRUSTED_PROXIES", "10.0.0.0/8,fd00::/8")];
    let app = runtime.block_on(TestApp::start_with(vec![clients::module()], &variables));
    let state = &app.application.state;
    proptest!(|(near: bool, last: u8, lines in vec(hops(), 0..3))| {
        let peer = IpAddr::from([if near { 10 } else { 203 }, 0, 113, last]);
        let mut parts = Request::new(()).into_parts().0;
        parts.extensions.insert(ConnectInfo(SocketAddr::new(peer, 1)));
        for line in &lines {
            parts.headers.append("x-forwarded-for", HeaderValue::from_str(line).unwrap());
        }
        let ClientIp(client) = runtime.block_on(ClientIp::from_request_parts(&mut parts, state)).unwrap();
        if near {
            let is_named = || lines.iter().flat_map(|line| line.split(',')).any(|hop| {
                let hop = hop.trim();
                let address = hop.parse().or_else(|_| hop.parse().map(|hop: SocketAddr| hop.ip()));
                let bare = address.or_else(|_| hop.trim_matches(['[', ']']).parse::<IpAddr>());
                bare.is_ok_and(|address| address.to_canonical() == client)
            });
            prop_assert!(client == peer || is_named(), "{} is nobody of {:?}", client, lines);
        } else {
            prop_assert_eq!(client, peer);
        }
    });
    runtime.block_on(async { drop(app) });
}
