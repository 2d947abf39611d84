// SPDX-License-Identifier: MIT
//! What test/bench measures scxkit's server against: upstream's, with as many counters as make a reply of some size.

use anyhow::Result;
use scx_stats::prelude::*;
use std::collections::BTreeMap;
use std::io::{Read, stdin};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Serves counters that change every interval until stdin ends; prints "ready" when clients may come.
pub fn serve(path: &str, counters: u64, interval: Duration) -> Result<()> {
    let start = Instant::now();
    let fields = move |tick: u64| -> BTreeMap<String, u64> {
        (0..counters)
            .map(|i| (format!("counter_{i:05}"), 1_000_000_000 + tick * 1000 + i))
            .chain([("at".into(), 1_763_629_200_000_000_000 + tick)])
            .collect()
    };
    let current = Mutex::new((0, fields(0)));
    let top = move || {
        let tick = (start.elapsed().as_nanos() / interval.as_nanos()) as u64;
        let mut current = current.lock().unwrap();
        if current.0 != tick {
            *current = (tick, fields(tick));
        }
        // What upstream's to_json() does with a scheduler's struct.
        Ok(serde_json::to_value(&current.1)?)
    };
    let data = StatsServerData::<(), ()>::new().add_stats("top", Box::new(move |_, _| top()));
    let _server = StatsServer::new(data).set_path(path).launch()?;
    println!("ready");
    stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
