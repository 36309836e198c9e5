//! What an IP address is for. Only public ones are dialled without further ado.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// What an address is for, judged from the address alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AddressClass {
    /// Anyone's on the Internet.
    Public,
    /// This machine.
    Loopback,
    /// A private network: RFC 1918, unique local, site-local, and the local-use NAT64 prefix.
    Private,
    /// Carrier-grade NAT, also used inside clouds and overlay networks.
    Cgnat,
    /// The link that this machine is on.
    LinkLocal,
    /// A cloud's metadata or credential service.
    Metadata,
    /// A group of machines.
    Multicast,
    /// No address, or this network: many systems dial 0.0.0.0 as loopback.
    Unspecified,
    /// For examples in documents.
    Documentation,
    /// For measuring network devices.
    Benchmark,
    /// All machines of the link.
    Broadcast,
    /// An IPv4 address is tunnelled in it (6to4, Teredo and other retired transitions): where packets end depends on routers.
    Tunnel,
    /// Set aside or not assigned.
    Reserved,
}

impl AddressClass {
    /// Whether `networks:` may let names resolve into it. What is left out is reached by no ordinary service name, and is what an
    /// attacker wants: credentials, neighbours on the link, many machines at once.
    #[must_use]
    pub const fn may_be_listed(self) -> bool {
        !matches!(
            self,
            Self::LinkLocal
                | Self::Metadata
                | Self::Multicast
                | Self::Unspecified
                | Self::Broadcast
        )
    }

    /// Whether only a rule that somebody wrote for this purpose lets it be reached, never an implied one.
    #[must_use]
    pub const fn needs_explicit_rule(self) -> bool {
        matches!(self, Self::LinkLocal | Self::Metadata)
    }
}

impl fmt::Display for AddressClass {
    /// An adjective phrase: "a … address".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "public",
            Self::Loopback => "loopback",
            Self::Private => "private",
            Self::Cgnat => "carrier-grade NAT",
            Self::LinkLocal => "link-local",
            Self::Metadata => "cloud metadata",
            Self::Multicast => "multicast",
            Self::Unspecified => "unspecified",
            Self::Documentation => "documentation",
            Self::Benchmark => "benchmarking",
            Self::Broadcast => "broadcast",
            Self::Tunnel => "tunnelled",
            Self::Reserved => "reserved",
        })
    }
}

/// Classifies an address. An IPv4 address inside an IPv6 one is judged as if it stood alone, and if it is not public that is the
/// answer, since some router or operating system may unwrap it.
#[must_use]
pub fn classify(address: IpAddr) -> AddressClass {
    match address {
        IpAddr::V4(address) => classify_v4(address),
        IpAddr::V6(address) => classify_v6(address),
    }
}

/// Metadata and credential services at IPv4 addresses: the common one; Amazon's for containers (ECS, EKS); Scaleway's; Alibaba's;
/// Oracle's older one; and Azure's WireServer, the only one at an address that is otherwise public.
const METADATA_V4: [Ipv4Addr; 7] = [
    Ipv4Addr::new(169, 254, 169, 254),
    Ipv4Addr::new(169, 254, 170, 2),
    Ipv4Addr::new(169, 254, 170, 23),
    Ipv4Addr::new(169, 254, 42, 42),
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(192, 0, 0, 192),
    Ipv4Addr::new(168, 63, 129, 16),
];

/// Those at IPv6 addresses that do not embed one of [`METADATA_V4`]: Google's, Scaleway's, Oracle's. Amazon's whole fd00:ec2::/32 is matched apart.
const METADATA_V6: [Ipv6Addr; 4] = [
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42),
    Ipv6Addr::new(0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe),
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0xa9fe, 0xa9fe),
];

fn classify_v4(address: Ipv4Addr) -> AddressClass {
    if METADATA_V4.contains(&address) {
        return AddressClass::Metadata;
    }
    match address.octets() {
        [0, ..] => AddressClass::Unspecified,
        [127, ..] => AddressClass::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => AddressClass::Private,
        [100, 64..=127, ..] => AddressClass::Cgnat,
        [169, 254, ..] => AddressClass::LinkLocal,
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => AddressClass::Documentation,
        [198, 18..=19, ..] => AddressClass::Benchmark,
        // Protocol assignments, and the retired anycast of 6to4 relays.
        [192, 0, 0, _] | [192, 88, 99, _] => AddressClass::Reserved,
        [224..=239, ..] => AddressClass::Multicast,
        [255, 255, 255, 255] => AddressClass::Broadcast,
        [240..=255, ..] => AddressClass::Reserved,
        _ => AddressClass::Public,
    }
}

fn classify_v6(address: Ipv6Addr) -> AddressClass {
    let segments = address.segments();
    // Loopback and unspecified lie inside the range of IPv4-compatible addresses.
    if address.is_loopback() {
        return AddressClass::Loopback;
    }
    if address.is_unspecified() {
        return AddressClass::Unspecified;
    }
    if METADATA_V6.contains(&address) || matches!(segments, [0xfd00, 0xec2, ..]) {
        return AddressClass::Metadata;
    }
    for embedded in embedded_v4(address).into_iter().flatten() {
        let class = classify_v4(embedded);
        if class != AddressClass::Public {
            return class;
        }
    }
    match segments {
        // The IPv4 address inside is public: mapped, and NAT64's well-known prefix, which resolvers make for IPv6-only networks.
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => AddressClass::Public,
        [0, 0, 0, 0, 0, 0, ..] | [0, 0, 0, 0, 0xffff, 0, ..] | [0x2002, ..] | [0x2001, 0, ..] => {
            AddressClass::Tunnel
        }
        [0x64, 0xff9b, 1, ..] | [0xfc00..=0xfdff, ..] | [0xfec0..=0xfeff, ..] => {
            AddressClass::Private
        }
        [0xfe80..=0xfebf, ..] => AddressClass::LinkLocal,
        [0xff00..=0xffff, ..] => AddressClass::Multicast,
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0x0fff, ..] => AddressClass::Documentation,
        [0x2001, 2, 0, ..] => AddressClass::Benchmark,
        // 2001::/23 holds protocol assignments.
        [0x2001, 0..=0x01ff, ..] => AddressClass::Reserved,
        // 2000::/3 is all that is assigned for global unicast.
        [0x2000..=0x3fff, ..] => AddressClass::Public,
        _ => AddressClass::Reserved,
    }
}

/// The IPv4 addresses that some mechanism would find in `address`.
fn embedded_v4(address: Ipv6Addr) -> [Option<Ipv4Addr>; 2] {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let join = |high: u16, low: u16| {
        let ([w, x], [y, z]) = (high.to_be_bytes(), low.to_be_bytes());
        Some(Ipv4Addr::new(w, x, y, z))
    };
    let ([_, after_reserved], [last, _]) = (e.to_be_bytes(), f.to_be_bytes());
    match (a, b, c, d, e, f) {
        // Compatible, mapped, translated (SIIT), and NAT64's well-known prefix.
        (0, 0, 0, 0, 0, 0 | 0xffff) | (0, 0, 0, 0, 0xffff, 0) | (0x64, 0xff9b, 0, 0, 0, 0) => {
            [join(g, h), None]
        }
        // The local-use NAT64 prefix is a /48 that networks cut as they like: a /96 has the address at the end; a /48 has it
        // around the reserved octet of bits 64 to 71. The place that is not in use reads as zero.
        (0x64, 0xff9b, 1, ..) => [
            join(g, h),
            join(d, u16::from_be_bytes([after_reserved, last])),
        ]
        .map(|found| found.filter(|inner| !inner.is_unspecified())),
        (0x2002, high, low, ..) => [join(high, low), None],
        // Teredo: the server's address, and the client's with its bits inverted.
        (0x2001, 0, server_high, server_low, ..) => [join(server_high, server_low), join(!g, !h)],
        // ISATAP, under any prefix.
        (_, _, _, _, 0 | 0x200, 0x5efe) => [join(g, h), None],
        _ => [None, None],
    }
}

/// The network to suggest for `networks:` so that names may resolve to `address`: the well-known block that it lies in, or the
/// address alone.
pub(super) fn enclosing_network(address: IpAddr) -> IpNet {
    const BLOCKS: [(IpAddr, u8); 6] = [
        (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 0)), 8),
        (IpAddr::V4(Ipv4Addr::new(172, 16, 0, 0)), 12),
        (IpAddr::V4(Ipv4Addr::new(192, 168, 0, 0)), 16),
        (IpAddr::V4(Ipv4Addr::new(100, 64, 0, 0)), 10),
        (IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), 8),
        (IpAddr::V6(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0)), 7),
    ];
    let address = address.to_canonical();
    let mut blocks = BLOCKS
        .iter()
        .filter_map(|(base, bits)| IpNet::new(*base, *bits).ok());
    blocks
        .find(|block| block.contains(&address))
        .unwrap_or_else(|| IpNet::from(address))
}
