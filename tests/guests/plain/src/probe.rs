//! What a guest can see and reach.

use crate::bindings::exports::arborist::runner::generate::Parameter;
use crate::bindings::wasi::config::store;
use crate::report::Report;
use std::io::Read;
use std::net::{TcpStream, ToSocketAddrs, UdpSocket};
use std::time::Duration;

/// Everything at once. The parameter `port` says where on the loopback a listener may be.
pub(crate) fn report(description: &str, parameters: &[Parameter]) -> String {
    let mut report = Report::new(description);
    let port: u16 = crate::parameter(parameters, "port")
        .and_then(|it| it.parse().ok())
        .unwrap_or(9);
    report.add(
        "parameters",
        pairs(parameters.iter().map(|it| (&it.name, &it.value))),
    );
    report.add("config", config());
    report.add(
        "environment",
        wasip2::cli::environment::get_environment().len(),
    );
    report.add("arguments", wasip2::cli::environment::get_arguments().len());
    report.add(
        "directory",
        wasip2::cli::environment::initial_cwd().is_some(),
    );
    report.add("stdin", stdin());
    report.add(
        "preopens",
        wasip2::filesystem::preopens::get_directories().len(),
    );
    for (name, path) in [("root", "/"), ("passwd", "/etc/passwd"), ("parent", "../")] {
        report.add(name, outcome(std::fs::metadata(path)));
    }
    report.add(
        "write",
        outcome(std::fs::write("/tmp/written-by-a-guest", "x")),
    );
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    report.add(
        "tcp",
        outcome(TcpStream::connect_timeout(&address, Duration::from_secs(2))),
    );
    report.add(
        "udp",
        outcome(UdpSocket::bind("127.0.0.1:0").and_then(|it| it.send_to(b"x", address))),
    );
    report.add(
        "listen",
        outcome(std::net::TcpListener::bind("127.0.0.1:0")),
    );
    report.add("dns", outcome(("localhost", port).to_socket_addrs()));
    report.add("counter", crate::hostile::count());
    report.to_spec()
}

fn pairs<'a>(pairs: impl Iterator<Item = (&'a String, &'a String)>) -> String {
    pairs
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>()
        .join("\n")
}

fn config() -> String {
    match store::get_all() {
        Ok(mut entries) => {
            entries.sort();
            let same = entries
                .iter()
                .all(|(key, value)| store::get(key).is_ok_and(|it| it.as_ref() == Some(value)));
            let absent = store::get("no such key").is_ok_and(|it| it.is_none());
            let entries = pairs(entries.iter().map(|(name, value)| (name, value)));
            if same && absent {
                entries
            } else {
                format!("get and get-all differ: {entries}")
            }
        }
        Err(error) => format!("{error:?}"),
    }
}

fn stdin() -> String {
    match std::io::stdin().read(&mut [0]) {
        Ok(0) => "at its end".to_owned(),
        Ok(_) => "has bytes".to_owned(),
        Err(error) => format!("error: {:?}", error.kind()),
    }
}

/// `reached`, or what kind of error kept it from that.
fn outcome<T>(result: std::io::Result<T>) -> String {
    result.map_or_else(
        |error| format!("refused: {:?}", error.kind()),
        |_| "reached".to_owned(),
    )
}
