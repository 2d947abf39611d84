// SPDX-License-Identifier: MIT
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { cli } from "../objects.js";
import { freePorts } from "../ports.js";
import { Running } from "../vm/process.js";
import { buildPeer, servePeer } from "./cargo.js";

const peer = await buildPeer();

it("scxkit export reads upstream's server: what its converter has, and what it lacks", async ({ skip }) => {
  skip("missing" in peer, "missing" in peer ? peer.missing : "");
  const path = join(mkdtempSync(join(tmpdir(), "scxkit-export-")), "stats");
  const server = await servePeer("program" in peer ? peer.program : "", path);
  onTestFinished(() => server.stop());
  const [port] = await freePorts(1);
  const run = new Running(process.execPath, [
    ...[cli, "export", "--socket", path, "--stats", "0.1", "--scheduler", "example"],
    ...["--prometheus-listen", `${port}`, "--to", "jsonl"],
  ]);
  onTestFinished(() => run.kill("SIGKILL"));
  const line = JSON.parse(await run.line(/"scheduler":"example"/));
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const series = text.split("\n").filter((one) => /^scx_(?!state|restarts|sink|up)/.test(one));
  // The values of upstream's own example (test/interop/src/example.rs); its bitmap is marked to be left out.
  expect(series).toEqual([
    'scx_at{scheduler="example"} 12345',
    'scx_d_events{scheduler="example",domain_name="0"} 1234',
    'scx_d_events{scheduler="example",domain_name="3"} 5678',
    'scx_d_name_info{scheduler="example",domain_name="0",name="domain 0"} 1',
    'scx_d_name_info{scheduler="example",domain_name="3",name="domain 3"} 1',
    'scx_d_pressure{scheduler="example",domain_name="0"} 1.234',
    'scx_d_pressure{scheduler="example",domain_name="3"} 5.678',
    'scx_name_info{scheduler="example",name="test cluster"} 1',
  ]);
  expect(line.stats.bitmap).toEqual({ items: [{ value: 0xdeadbeef }, { value: 0xbeefdead }] });
  run.kill("SIGINT");
  expect(await run.end()).toBe(0);
});
