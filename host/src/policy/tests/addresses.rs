//! S01 and U12: what addresses are for.

use super::ip;
use crate::policy::AddressClass::{
    self, Benchmark, Broadcast, Cgnat, Documentation, LinkLocal, Loopback, Metadata, Multicast,
    Private, Public, Reserved, Tunnel, Unspecified,
};
use crate::policy::address::{classify, enclosing_network};

#[test]
fn s01_ipv4_ranges_end_where_they_should() {
    for (first, last, class) in [
        ("0.0.0.0", "0.255.255.255", Unspecified),
        ("1.0.0.0", "9.255.255.255", Public),
        ("10.0.0.0", "10.255.255.255", Private),
        ("11.0.0.0", "100.63.255.255", Public),
        ("100.64.0.0", "100.100.100.199", Cgnat),
        ("100.100.100.201", "100.127.255.255", Cgnat),
        ("100.128.0.0", "126.255.255.255", Public),
        ("127.0.0.0", "127.255.255.255", Loopback),
        ("128.0.0.0", "168.63.129.15", Public),
        ("168.63.129.17", "169.253.255.255", Public),
        ("169.254.0.0", "169.254.42.41", LinkLocal),
        ("169.254.170.24", "169.254.255.255", LinkLocal),
        ("169.255.0.0", "172.15.255.255", Public),
        ("172.16.0.0", "172.31.255.255", Private),
        ("172.32.0.0", "191.255.255.255", Public),
        ("192.0.0.0", "192.0.0.191", Reserved),
        ("192.0.1.0", "192.0.1.255", Public),
        ("192.0.2.0", "192.0.2.255", Documentation),
        ("192.0.3.0", "192.88.98.255", Public),
        ("192.88.99.0", "192.88.99.255", Reserved),
        ("192.88.100.0", "192.167.255.255", Public),
        ("192.168.0.0", "192.168.255.255", Private),
        ("192.169.0.0", "198.17.255.255", Public),
        ("198.18.0.0", "198.19.255.255", Benchmark),
        ("198.20.0.0", "198.51.99.255", Public),
        ("198.51.100.0", "198.51.100.255", Documentation),
        ("198.51.101.0", "203.0.112.255", Public),
        ("203.0.113.0", "203.0.113.255", Documentation),
        ("203.0.114.0", "223.255.255.255", Public),
        ("224.0.0.0", "239.255.255.255", Multicast),
        ("240.0.0.0", "255.255.255.254", Reserved),
        ("255.255.255.255", "255.255.255.255", Broadcast),
    ] {
        assert_eq!(
            (classify(ip(first)), classify(ip(last))),
            (class, class),
            "{first} to {last}"
        );
    }
}

#[test]
fn s01_metadata_services() {
    for address in [
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "169.254.42.42",
        "100.100.100.200",
        "192.0.0.192",
        "168.63.129.16",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
        "fd00:42::42",
        "fd00:c1::a9fe:a9fe",
        "fe80::a9fe:a9fe",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::",
        "::169.254.169.254",
    ] {
        assert_eq!(classify(ip(address)), Metadata, "{address}");
    }
}

#[test]
fn s01_ipv6_ranges() {
    for (address, class) in [
        ("::", Unspecified),
        ("::1", Loopback),
        ("fc00::", Private),
        ("fdff:ffff::1", Private),
        ("fe00::1", Reserved),
        ("fe80::1", LinkLocal),
        ("febf:ffff::1", LinkLocal),
        ("fec0::1", Private),
        ("feff::1", Private),
        ("ff00::", Multicast),
        ("ff02::1", Multicast),
        ("ffff::1", Multicast),
        ("2001:db8::1", Documentation),
        ("2001:db9::1", Public),
        ("3fff::1", Documentation),
        ("3fff:fff::1", Documentation),
        ("3fff:1000::1", Public),
        ("2001:2::1", Benchmark),
        ("2001:2:1::1", Reserved),
        ("2001:1ff::1", Reserved),
        ("2001:200::1", Public),
        ("2000::1", Public),
        ("1fff::1", Reserved),
        ("4000::1", Reserved),
        ("100::1", Reserved),
        ("5f00::1", Reserved),
        ("2606:4700:4700::1111", Public),
        ("2a00:1450:4001::1", Public),
    ] {
        assert_eq!(classify(ip(address)), class, "{address}");
    }
}

#[test]
fn u12_ipv4_inside_ipv6_is_unwrapped() {
    for (address, class) in [
        ("::ffff:127.0.0.1", Loopback),
        ("::ffff:10.0.0.1", Private),
        ("::ffff:8.8.8.8", Public),
        ("::127.0.0.1", Loopback),
        ("::8.8.8.8", Tunnel),
        ("::ffff:0:127.0.0.1", Loopback),
        ("::ffff:0:8.8.8.8", Tunnel),
        ("64:ff9b::7f00:1", Loopback),
        ("64:ff9b::808:808", Public),
        ("64:ff9b:0:0:1::808:808", Reserved),
        // The local-use prefix, cut as a /96 and as a /48.
        ("64:ff9b:1::7f00:1", Loopback),
        ("64:ff9b:1:7f00:0:100::", Loopback),
        ("64:ff9b:1:a9fe:a9:fe00::", Metadata),
        ("64:ff9b:1::808:808", Private),
        ("64:ff9b:1:808:8:800::", Private),
        ("64:ff9b:1::", Private),
        ("64:ff9b:2::1", Reserved),
        ("2002:7f00:1::", Loopback),
        ("2002:a00:1::1", Private),
        ("2002:808:808::1", Tunnel),
        // Teredo: the server's address, and the client's inverted.
        ("2001:0:7f00:1::", Loopback),
        ("2001:0:808:808:0:0:80ff:fffe", Loopback),
        ("2001:0:808:808:0:0:f7f7:f7f7", Tunnel),
        ("2001:0:808:808:0:0:5601:5601", Metadata),
        // ISATAP.
        ("2606:4700::5efe:7f00:1", Loopback),
        ("2606:4700::200:5efe:a00:1", Private),
        ("2606:4700::5efe:808:808", Public),
        ("2606:4700::1:5efe:a00:1", Public),
        ("fe80::5efe:808:808", LinkLocal),
    ] {
        assert_eq!(classify(ip(address)), class, "{address}");
    }
}

#[test]
fn what_may_be_listed() {
    let all = [
        Public,
        Loopback,
        Private,
        Cgnat,
        LinkLocal,
        Metadata,
        Multicast,
        Unspecified,
        Documentation,
        Benchmark,
        Broadcast,
        Tunnel,
        Reserved,
    ];
    let never: Vec<AddressClass> = all
        .into_iter()
        .filter(|class| !class.may_be_listed())
        .collect();
    assert_eq!(
        never,
        [LinkLocal, Metadata, Multicast, Unspecified, Broadcast]
    );
    let explicit: Vec<AddressClass> = all
        .into_iter()
        .filter(|class| class.needs_explicit_rule())
        .collect();
    assert_eq!(explicit, [LinkLocal, Metadata]);
    let names: std::collections::HashSet<String> = all.iter().map(ToString::to_string).collect();
    assert_eq!(names.len(), all.len());
}

#[test]
fn the_network_to_suggest_is_the_block() {
    for (address, network) in [
        ("10.1.2.3", "10.0.0.0/8"),
        ("172.31.0.1", "172.16.0.0/12"),
        ("192.168.7.7", "192.168.0.0/16"),
        ("100.64.1.1", "100.64.0.0/10"),
        ("127.0.0.53", "127.0.0.0/8"),
        ("::ffff:10.1.2.3", "10.0.0.0/8"),
        ("fd12::1", "fc00::/7"),
        ("::1", "::1/128"),
        ("198.18.0.1", "198.18.0.1/32"),
    ] {
        assert_eq!(
            enclosing_network(ip(address)).to_string(),
            network,
            "{address}"
        );
    }
}
