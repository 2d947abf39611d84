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

/// Serves until stdin ends; prints "ready" when clients may come.
pub fn serve(path: &str) -> Result<()> {
    let stats = ClusterStats {
        name: "test cluster".into(),
        at: 12345,
        bitmap: vec![0xdeadbeef, 0xbeefdead],
        doms_dict: [domain(0, 1234, 1.234), domain(3, 5678, 5.678)].into(),
    };
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
    println!("ready");
    stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
