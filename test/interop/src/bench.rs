// SPDX-License-Identifier: MIT
//! What test/bench measures scxkit's server against: upstream's, with what its larger schedulers have, a dictionary of groups
//! with counters and shares, as many as make a reply of some size.

use anyhow::Result;
use scx_stats::prelude::*;
use scx_stats_derive::Stats;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{Read, stdin};
use std::sync::Mutex;
use std::time::{Duration, Instant};

#[derive(Clone, Debug, Serialize, Deserialize, Stats)]
struct Layer {
    #[stat(desc = "its name")]
    name: String,
    #[stat(desc = "share of the CPUs' time")]
    util: f64,
    #[stat(desc = "tasks in it")]
    tasks: u64,
    #[stat(desc = "tasks put straight on a CPU")]
    local: u64,
    #[stat(desc = "tasks moved")]
    moved: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize, Stats)]
#[stat(top)]
struct Layered {
    #[stat(desc = "time of the reading")]
    at: u64,
    #[stat(desc = "by number")]
    layers: BTreeMap<u64, Layer>,
}

impl Layered {
    fn new(tick: u64, layers: u64) -> Self {
        let layer = |i| Layer {
            name: format!("layer {i:04}"),
            util: (tick + i) as f64 / 1000.0,
            tasks: 1000 + i,
            local: 1_000_000_000 + tick * 1000 + i,
            moved: 1_000_000 + tick * 10 + i,
        };
        let layers = (0..layers).map(|i| (1000 + i, layer(i))).collect();
        Self { at: 1_763_629_200_000_000_000 + tick, layers }
    }
}

/// Serves values that change every interval until stdin ends; prints "ready" when clients may come.
pub fn serve(path: &str, layers: u64, interval: Duration) -> Result<()> {
    let start = Instant::now();
    let current = Mutex::new((0, Layered::new(0, layers)));
    let top = move || {
        let tick = (start.elapsed().as_nanos() / interval.as_nanos()) as u64;
        let mut current = current.lock().unwrap();
        if current.0 != tick {
            *current = (tick, Layered::new(tick, layers));
        }
        current.1.to_json()
    };
    let data = StatsServerData::<(), ()>::new()
        .add_meta(Layered::meta())
        .add_meta(Layer::meta())
        .add_stats("top", Box::new(move |_, _| top()));
    let _server = StatsServer::new(data).set_path(path).launch()?;
    println!("ready");
    stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
