// SPDX-License-Identifier: MIT
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { StatsServer } from "../../../src/protocol/server.js";
import { clusterTarget, FakeSampler, fakeServer, scratch } from "../protocol/peer.js";
import { scxkit, start } from "./started.js";

let path: string;
beforeEach(() => {
  path = join(scratch(onTestFinished), "stats");
});

const monitor = (...args: string[]) => scxkit("monitor", "--socket", path, ...args);

async function cluster(): Promise<void> {
  const server = await StatsServer.listen({ path, targets: { top: clusterTarget() } });
  onTestFinished(() => server.close());
}

test("a table from the metadata: values, lists, dictionaries of groups", async () => {
  await cluster();
  const { status, stdout, stderr } = await monitor("--once");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout.replace(/^\d\d:\d\d:\d\d/m, "12:00:00").split("\n")).toEqual([
    "TIME                name",
    "12:00:00    test cluster",
    "  bitmap  0=3735928559  1=3203391149",
    "  doms_dict  events      name  pressure",
    "  0            1234  domain 0     1.234",
    "  3            5678  domain 3     5.678",
    "",
  ]);
});

test("--json: what the server answered, byte for byte", async () => {
  path = await fakeServer((_, socket) =>
    socket.write('{"errno":0, "args":{"resp":{"10":18446744073709551615,"3":1.0,"ä":[null,"\\u0000"]}}}\n'),
  );
  expect(await monitor("--once", "--json")).toMatchObject({
    status: 0,
    stdout: '{"10":18446744073709551615,"3":1.0,"ä":[null,"\\u0000"]}\n',
  });
});

test("--meta: what there is, in upstream's format; with --json as it came", async () => {
  await cluster();
  const { stdout } = await monitor("--meta");
  expect(stdout).toMatch(/^\[ClusterStats\] cluster statistics\n {2}at {8}\(u64\) +: update timestamp\n/);
  expect(stdout).toContain("\n\n[DomainStats ] domain statistics\n");
  expect((await monitor("--meta", "--json")).stdout).toMatch(/^\{"ClusterStats":\{"desc":/);
});

test("what a server sends doesn't steer the terminal: values, warnings, findings", async () => {
  const name = "\\u001b[2J";
  path = await fakeServer((line, socket) => {
    const meta = `{"S":{"name":"S","top":"true","fields":{"${name}":{"datum":"u64"}}}}`;
    socket.write(`{"errno":0,"args":{"resp":${line.includes("meta") ? meta : `{"${name}":null}`}}}\n`);
  });
  const seen = [
    await monitor("--once"),
    await monitor("--meta"),
    await scxkit("conform", path, "--check", "no-null", "--check", "reply-described"),
  ];
  expect(seen.map(({ status }) => status)).toEqual([0, 0, 65]);
  for (const { stdout, stderr } of seen) {
    expect(stdout + stderr).not.toMatch(/[^\P{Cc}\n]/u);
    expect(stdout).toContain("\\x1b[2J");
  }
});

test("--target and --arg are sent; what nothing describes is shown as it looks", async () => {
  const args = { open: () => ({ read: (given: ReadonlyMap<string, string>) => given }) };
  const server = await StatsServer.listen({ path, targets: { args } });
  onTestFinished(() => server.close());
  const { stdout } = await monitor("--once", "--target", "args", "--arg", "who=x=y", "--arg", "__proto__=1");
  expect(stdout).toMatch(/^TIME +__proto__ +target +who\n\S+ +1 +args +x=y\n$/);
});

test("counters have what the interval added; a scheduler that goes is waited for, Ctrl-C ends it with 0", async () => {
  const sampler = new FakeSampler();
  sampler.local = 5n;
  const { child, until, end } = start("monitor", "--socket", path, "0.02");
  await until(/There is no .*stats\. It is waited for\.\n/);
  let server = await StatsServer.listen({ path, sampler });
  await until(/^\S+ +0 +5 \(\+0\)$/m);
  sampler.local = 12n;
  sampler.at++;
  await until(/^\S+ +0 +12 \(\+7\)$/m);
  await server.close();
  await until(/(closed the connection|is gone.*)\. It is waited for\.\n/);
  sampler.local = 3n;
  sampler.at++;
  server = await StatsServer.listen({ path, sampler });
  onTestFinished(() => server.close());
  // Its total goes on where it was, as over any restart.
  const text = await until(/^\S+ +0 +15 \(\+3\)$/m);
  expect(text.match(/waited for/g)).toHaveLength(2);
  child.kill("SIGINT");
  expect(await end).toEqual([0, null]);
});

describe("what is an error", () => {
  test("nobody there, where nothing is waited for", async () => {
    for (const flag of ["--once", "--meta"])
      expect(await monitor(flag)).toMatchObject({
        status: 69,
        stdout: "",
        stderr: expect.stringContaining("ERR_SCX_CONNECT"),
      });
  });

  test("a target that isn't there", async () => {
    await cluster();
    expect(await monitor("--target", "nope")).toMatchObject({ status: 69, stderr: expect.stringContaining("nope") });
  });

  test.each([[["0"]], [["--arg", "x"]], [["--nothing"]]])("wrong usage: %j", async (args) => {
    expect(await monitor(...args)).toMatchObject({ status: 64, stderr: expect.stringContaining("ERR_SCX_USAGE") });
  });
});
