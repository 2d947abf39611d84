// SPDX-License-Identifier: MIT
//! Upstream's scx_stats, spoken to from a test: each mode prints one JSON line for each thing it was asked.

mod bench;
mod example;

use anyhow::{Result, bail};
use scx_stats::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, Write, stdin, stdout};
use std::time::Duration;

/// What a scheduler's author would write down to read our `simple` with types. No field may be missing or null.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SimpleStats {
    at: u64,
    local: u64,
    global: u64,
    depth: i64,
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["client", path] => client(path),
        ["server", path] => example::serve(path, 5.678),
        ["nan", path] => example::serve(path, f64::NAN),
        ["first", path] => example::serve_first(path),
        ["bench", path, layers, ms] => bench::serve(path, layers.parse()?, millis(ms)?),
        ["direct", path, layers, ms] => bench::serve_direct(path, layers.parse()?, millis(ms)?),
        ["json"] => each_line(|line| Ok(serde_json::from_str::<Value>(line)?.to_string())),
        ["floats"] => each_line(|line| {
            let float = f64::from_bits(u64::from_str_radix(line, 16)?);
            Ok(serde_json::to_string(&serde_json::to_value(float)?)?)
        }),
        _ => bail!(
            "usage: interop client PATH | server PATH | nan PATH | first PATH | bench|direct PATH LAYERS MS | json | floats"
        ),
    }
}

fn millis(text: &str) -> Result<Duration> {
    Ok(Duration::from_millis(text.parse()?))
}

/// Reads requests from stdin, one a line: a type, a request, and arguments as an object. Prints what came of each.
fn client(path: &str) -> Result<()> {
    let mut client = StatsClient::new().set_path(path).connect(Some(20_000))?;
    each_line(|line| {
        let (kind, req, args): (String, String, BTreeMap<String, String>) =
            serde_json::from_str(line)?;
        let args: Vec<_> = args.into_iter().collect();
        let outcome = match kind.as_str() {
            "value" => client.request::<Value>(&req, args),
            "simple" => client.request::<SimpleStats>(&req, args).map(|v| json!(v)),
            "meta" => client
                .request::<BTreeMap<String, StatsMeta>>(&req, args)
                .map(|v| json!(v)),
            other => bail!("unknown type {other}"),
        };
        Ok(match outcome {
            Ok(value) => json!({ "ok": value }),
            Err(error) => {
                let errno = error.downcast_ref::<StatsErrno>().map(|e| e.0);
                json!({ "errno": errno, "error": format!("{error:?}") })
            }
        }
        .to_string())
    })
}

fn each_line(mut act: impl FnMut(&str) -> Result<String>) -> Result<()> {
    let mut out = stdout().lock();
    for line in stdin().lock().lines() {
        let text = act(&line?)
            .unwrap_or_else(|error| json!({ "fault": format!("{error:?}") }).to_string());
        writeln!(out, "{text}")?;
        out.flush()?;
    }
    Ok(())
}
