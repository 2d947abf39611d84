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
        Self {
            at: 1_763_629_200_000_000_000 + tick,
            layers,
        }
    }
}

/// Has the values of the present interval.
struct Source {
    start: Instant,
    interval: Duration,
    layers: u64,
    tick: u64,
    now: Layered,
}

impl Source {
    fn new(layers: u64, interval: Duration) -> Self {
        let now = Layered::new(0, layers);
        Self {
            start: Instant::now(),
            interval,
            layers,
            tick: 0,
            now,
        }
    }

    fn now(&mut self) -> &Layered {
        let tick = (self.start.elapsed().as_nanos() / self.interval.as_nanos()) as u64;
        if self.tick != tick {
            self.tick = tick;
            self.now = Layered::new(tick, self.layers);
        }
        &self.now
    }
}

/// As upstream's schedulers serve: their main loop answers each request, which comes to it through a channel.
pub fn serve(path: &str, layers: u64, interval: Duration) -> Result<()> {
    let data = StatsServerData::<(), Layered>::new()
        .add_meta(Layered::meta())
        .add_meta(Layer::meta())
        .add_stats(
            "top",
            Box::new(|_, (requests, replies)| {
                requests.send(())?;
                replies.recv()?.to_json()
            }),
        );
    let server = StatsServer::new(data).set_path(path).launch()?;
    println!("ready");
    exit_with_stdin();
    let (replies, requests) = server.channels();
    let mut source = Source::new(layers, interval);
    loop {
        requests.recv()?;
        replies.send(source.now().clone())?;
    }
}

/// As its examples serve: whichever thread is asked makes the reply.
pub fn serve_direct(path: &str, layers: u64, interval: Duration) -> Result<()> {
    let source = Mutex::new(Source::new(layers, interval));
    let data = StatsServerData::<(), ()>::new()
        .add_meta(Layered::meta())
        .add_meta(Layer::meta())
        .add_stats(
            "top",
            Box::new(move |_, _| source.lock().unwrap().now().to_json()),
        );
    let _server = StatsServer::new(data).set_path(path).launch()?;
    println!("ready");
    exit_with_stdin();
    loop {
        std::thread::park();
    }
}

fn exit_with_stdin() {
    std::thread::spawn(|| {
        let _ = stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
}
