// SPDX-License-Identifier: MIT
//! A server made with upstream's crate, of the same shape and values as test/unit/protocol/peer.ts has them.

use anyhow::Result;
use scx_stats::prelude::*;
use scx_stats_derive::Stats;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{Read, stdin};

#[derive(Clone, Debug, Serialize, Deserialize, Stats)]
#[stat(
    desc = "domain statistics",
    _om_prefix = "d_",
    _om_label = "domain_name"
)]
struct DomainStats {
    name: String,
    #[stat(desc = "an event counter")]
    events: u64,
    #[stat(desc = "a gauge number")]
    pressure: f64,
}

#[derive(Clone, Debug, Serialize, Deserialize, Stats)]
#[stat(desc = "cluster statistics", top)]
struct ClusterStats {
    name: String,
    #[stat(desc = "update timestamp")]
    at: u64,
    #[stat(desc = "some bitmap we want to report", _om_skip)]
    bitmap: Vec<u32>,
    #[stat(desc = "domain statistics")]
    doms_dict: BTreeMap<usize, DomainStats>,
}

fn domain(id: usize, events: u64, pressure: f64) -> (usize, DomainStats) {
    let name = format!("domain {id}");
    (
        id,
        DomainStats {
            name,
            events,
            pressure,
        },
    )
}

/// What can go wrong in writing a value: extremes, escapes, notations, order of keys.
fn extremes() -> serde_json::Value {
    serde_json::json!({
        "u64": u64::MAX,
        "i64": i64::MIN,
        "zero": 0,
        "floats": [0.0, -0.0, 1.0, 1e-5, 1e-6, 1e15, 1.5e-300, 5e-324, 0.1 + 0.2],
        "text": "\u{0}\u{8}\t\n\u{c}\r\u{1f}\"\\/\u{7f}\u{2028}ä€😀",
        "keys": { "3": 1, "10": 2, "\u{1f600}": 3, "\u{ffee}": 4, "": 5, "__proto__": 6 },
        "empty": [[], {}],
        "yes": true,
    })
}

fn cluster(pressure: f64) -> ClusterStats {
    ClusterStats {
        name: "test cluster".into(),
        at: 12345,
        bitmap: vec![0xdeadbeef, 0xbeefdead],
        doms_dict: [domain(0, 1234, 1.234), domain(3, 5678, pressure)].into(),
    }
}

fn until_stdin_ends() -> Result<()> {
    println!("ready");
    stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// Serves until stdin ends; prints "ready" when clients may come.
pub fn serve(path: &str, pressure: f64) -> Result<()> {
    let stats = cluster(pressure);
    let data = StatsServerData::<(), ()>::new()
        .add_meta(ClusterStats::meta())
        .add_meta(DomainStats::meta())
        .add_stats("top", Box::new(move |_, _| stats.to_json()))
        .add_stats("extremes", Box::new(|_, _| Ok(extremes())))
        .add_stats("args", Box::new(|args, _| Ok(serde_json::to_value(args)?)))
        .add_stats(
            "denied",
            Box::new(|_, _| Err(anyhow::anyhow!("no").context(StatsErrno(13)))),
        );
    let _server = StatsServer::new(data).set_path(path).launch()?;
    until_stdin_ends()
}

/// The same values, served by upstream's first release. It derives what its metadata say from the struct; here it is
/// spelt out, as there is room for one derive macro only.
pub fn serve_first(path: &str) -> Result<()> {
    use scx_stats_first::{ScxStatsMeta, ScxStatsServer};
    let domain: ScxStatsMeta = serde_json::from_value(serde_json::json!({
        "name": "DomainStats", "desc": "domain statistics", "fields": [
            { "name": "name", "datum": "String" },
            { "name": "events", "datum": "U64", "desc": "an event counter" },
            { "name": "pressure", "datum": "Float", "desc": "a gauge number" },
        ],
    }))?;
    let all: ScxStatsMeta = serde_json::from_value(serde_json::json!({
        "name": "ClusterStats", "desc": null, "fields": [
            { "name": "name", "datum": "String" },
            { "name": "at", "datum": "U64", "desc": "update timestamp" },
            { "name": "bitmap", "array": "U64" },
            { "name": "doms_dict", "dict": { "key": "U64", "datum": { "Struct": "DomainStats" } } },
        ],
    }))?;
    let stats = cluster(5.678);
    ScxStatsServer::new()
        .set_path(path)
        .add_stats_meta(all)
        .add_stats_meta(domain)
        .add_stats("all", Box::new(move |_| Ok(serde_json::to_value(&stats)?)))
        .launch()?;
    until_stdin_ends()
}
