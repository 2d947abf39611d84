// SPDX-License-Identifier: MIT
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to environment variables look so
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { interpolate } from "../../../src/agent/environment.js";
import { knownKinds } from "../../../src/agent/kinds.js";
import { loadConfig } from "../../../src/agent/load.js";
import { configSchema } from "../../../src/agent/schema.js";
import { cli } from "../../objects.js";
import { folder, load, problems } from "./config.js";

const share = new URL("../../../src/agent/share/", import.meta.url).pathname;

describe("environment variables", () => {
  const environment = { HOST: "a", EMPTY: "", N: "5" };
  it.each([
    ["x-${HOST}-${N}", "x-a-5"],
    ["${GONE:-b}${EMPTY:-c}${EMPTY}${HOST:-d}", "bca"],
    ["${GONE:-}", ""],
    ["100$$ $${HOST}", "100$ ${HOST}"],
  ])("%s is %s", (text, expected) => expect(interpolate(text, environment)).toEqual({ text: expected }));
  it.each([
    ["${GONE}", /GONE is not set/],
    ["a $HOST", /begins no reference/],
    ["${1x}", /begins no reference/],
    ["$", /begins no reference/],
  ])("%s is refused", (text, expected) =>
    expect(interpolate(text, environment)).toEqual({ wrong: expect.stringMatching(expected) }),
  );

  it.each(["abc #def", "!abc", "&x abc", "'abc'", '"abc"', "|", "0123", "18446744073709551615", "- a", "a: b", "*x"])(
    "are what they are: %s",
    async (text) => {
      const module = "export class Sink { write() {} }";
      const plain = "sinks:\n  - ./own.mjs#Sink:\n      one: ${X}\n";
      const loaded = await load(plain, { "own.mjs": module }, { X: text });
      expect(loaded.settings.sinks).toMatchObject([{ "./own.mjs#Sink": { one: text } }]);
    },
  );

  it("are text where text is wanted, by a module's schema too, and what they look like elsewhere", async () => {
    const module = `export class Sink {
      static options = { additionalProperties: true, properties: { text: { type: "string" }, list: { type: "array", items: { type: "string" } } } };
      write() {}
    }`;
    const config = `
sinks:
  - &sink
    ./own.mjs#Sink:
      text: \${N}
      list:
        - \${N}
        - \${NO:-}
      any: \${N}
      none: \${NO:-}
      float: \${F}
  - jsonl:
      file: \${N}
      queue: \${N}
    name: \${TRUE}
detectors:
  - threshold:
      metric: \${N}
      above: \${F}
    sinks:
      - *sink
`;
    const { settings } = await load(config, { "own.mjs": module }, { N: "42", F: "1.50", TRUE: "true" });
    expect(settings.sinks).toMatchObject([
      { "./own.mjs#Sink": { text: "42", list: ["42", ""], any: 42, none: null, float: 1.5 } },
      { jsonl: { file: "42", queue: 42 }, name: "true" },
    ]);
    expect(settings.detectors).toMatchObject([{ threshold: { metric: "42", above: 1.5 } }]);
  });

  it("are numbers where they aren't quoted", async () => {
    const text = "intervalMs: ${MS}\nlabels:\n  a: '${MS}'\n  b: ${NAME:-x}\n";
    const { settings } = await load(text, {}, { MS: "250" });
    expect(settings).toMatchObject({ intervalMs: 250, labels: { a: "250", b: "x" } });
    const zeros = "intervalMs: ${MS}\nlabels:\n  a: ${MS}\nsinks:\n  - jsonl:\n      file: x\n      queue: ${N}\n";
    expect((await load(zeros, {}, { MS: "0250", N: "007" })).settings).toMatchObject({
      ...{ intervalMs: 250, labels: { a: "0250" }, sinks: [{ jsonl: { queue: 7 } }] },
    });
    for (const MS of [".nan", "1x", "0-", "- 1"])
      await expect(load("intervalMs: ${MS}\n", {}, { MS })).rejects.toMatchObject({
        log: [expect.stringMatching(/"intervalMs" must be number/)],
      });
    const labels = "labels:\n  site: ${SITE:-home}\n  one: ${ONE}\n  two: 1.10\n  yes: true\n  zero: 0x10\n";
    expect((await load(labels, {}, { SITE: "1.10", ONE: "42" })).settings.labels).toEqual({
      ...{ site: "1.10", one: "42", two: "1.10", yes: "true", zero: "0x10" },
    });
    await expect(load(text)).rejects.toMatchObject({
      code: "ERR_SCX_CONFIG",
      log: [expect.stringMatching(/:1:13: .*MS is not set/), expect.anything()],
    });
  });
});

describe("what is wrong with a config has its line and column", () => {
  it.each([
    ["an unknown key", "intervalMs: 5\nsink: []\n", [/^2:1: there is no option "sink"/]],
    ["a wrong type", "intervalMs: soon\n", [/^1:13: "intervalMs" must be number/]],
    ["out of its range", "intervalMs: 0\n", [/^1:13: "intervalMs" must be > 0/]],
    ["an unknown group", "groups:\n  - cpu\n  - cpus\n", [/^3:5: it is none of state, .*self$/]],
    ["two documents", "intervalMs: 5\n---\nintervalMs: 6\n", [/^2:1: a second document begins; a config is one/]],
    ["a scheduler that is none", "scheduler: null\n", [/^1:12: "scheduler" must be string or object$/]],
    [
      "what is no number",
      "detectors: [{ threshold: { metric: a, above: .nan } }]\n",
      [/^1:46: "above" must be number/],
    ],
    [
      "several things that don't depend on each other",
      "intervalMs: x\nsinks: [{ jsonl: { file: 5 } }]\nscheduler: nosuch\nserve: 7\nactuators:\n  - ./gone.mjs#A: {}\n",
      [/^1:13: /, /^2:26: "file" must be string/, /^3:12: There is no scheduler "nosuch".*[^.]$/, /^4:8: /, /^6:5: /],
    ],
    [
      "what an object hasn't",
      "scheduler:\n  object: simple\n  set: { nosuch: 1, slice_us: fast }\n  ops: { timeout: 1 }\nfallbacks:\n  - { object: simple, set: { none: 1 } }\n",
      [/^3:10: .*nosuch/, /^3:31: .*slice_us/, /^4:10: .*timeout/, /^6:30: .*none/],
    ],
    [
      "the same of one to switch to",
      "actuators:\n  - switch: { object: simple, set: { nosuch: 1 } }\n  - switch: { object: ./gone.bpf.o }\n",
      [/^2:38: .*nosuch/, /^3:23: there is no file .*gone\.bpf\.o/],
    ],
    ["no YAML", "a: [1,\nb: 2\n", [/^2:1: Flow sequence/]],
    ["a key twice", "labels: {}\nlabels: {}\n", [/^2:1: Map keys must be unique/]],
    ["an alias of nothing", "sinks: [*gone]\n", [/^1:9: no anchor &gone comes before it/]],
    ["an alias within its anchor", "labels: &l\n  a: *l\n", [/^2:6: it stands within &l/]],
    [
      "too many aliases",
      `a: &a [x]\nb: &b [${Array(99).fill("*a")}]\nc: &c [${Array(99).fill("*b")}]\nd: [${Array(99).fill("*c")}]\n`,
      [/^1:1: Excessive alias count/],
    ],
    ["a key that objects have by themselves", "constructor: 1\n", [/^1:1: there is no option "constructor"/]],
    [
      "labels that a rule can't give",
      "scheduler:\n  socket: /run/x\n  rules:\n    stats: { n: { labels: { scheduler: boo, 9x: a } }, m: { label: 9x } }\n",
      [/^4:29: "scheduler" is no label: a label's name is letters.*/, /^4:45: "9x" is no label/, /^4:61: "9x" is no/],
    ],
    ["a label without a name", "labels: { '': x }\n", [/^1:11: a label has a name/]],
    ["the scheduler as a label", "labels: { scheduler: x }\n", [/^1:11: the label "scheduler" is each sample's own/]],
    [
      "labels that are one in metrics",
      "labels:\n  a.b: x\n  a-b: y\n",
      [/^2:3: the labels "a\.b" and "a-b" are both a_b/, /^3:3: /],
    ],
    ["several things", "intervalMs: x\nlabels: {a: [1]}\n", [/^1:13: /, /^2:13: "a" must be string/]],
    [
      "an unknown sink",
      "sinks:\n  - kafkaa: {}\n",
      [/^2:5: there is no sink "kafkaa"; there are .*jsonl.*\.\/my-sink\.mjs#Name/],
    ],
    ["a sink's unknown option", "sinks:\n  - jsonl:\n      path: x\n", [/^3:7: there is no option "path"/]],
    ["a sink's wrong option", "sinks:\n  - jsonl: { batch: 0 }\n", [/^2:21: "batch" must be >= 1/]],
    [
      "a sink's unknown group",
      "sinks:\n  - jsonl: { groups: [cpu, gpu] }\n",
      [/^2:28: there is no group "gpu"; there are .*self/],
    ],
    [
      "two kinds in one",
      "sinks:\n  - jsonl: {}\n    log: {}\n",
      [/^2:5: each sink is one kind or module; here jsonl and log/],
    ],
    ["no kind at all", "sinks:\n  - name: x\n", [/^2:5: each sink is one kind or module; here none/]],
    [
      "a name twice",
      "sinks:\n  - { jsonl: , name: a }\n  - { log: , name: a }\n",
      [/^3:20: two components are called "a"/],
    ],
    [
      "an unknown detector",
      "detectors:\n  - cusum: {}\n",
      [/^2:5: there is no detector "cusum"; there are threshold, change, zscore/],
    ],
    [
      "a detector without limits",
      "detectors:\n  - threshold: { metric: a.b }\n",
      [/^2:16: "above" or "below" is missing/],
    ],
    [
      "a detector's unknown sink",
      "detectors:\n  - zscore: { metric: a }\n    sinks:\n      - nosuch: {}\n",
      [/^4:9: there is no sink "nosuch"/],
    ],
    [
      "an actuator for nobody",
      "actuators:\n  - set: { global: a, value: 1 }\n    on: [hot]\n",
      [/^3:10: there is no detector "hot"/],
    ],
    ["an actuator's wrong end", "actuators:\n  - set: { global: a, value: 1 }\n    when: never\n", [/^3:11: /]],
    ["a module that isn't there", "sources:\n  - ./gone.mjs#A: {}\n", [/^2:5: \.\/gone\.mjs can't be loaded: ENOENT/]],
    [
      "a package that isn't there",
      "sinks:\n  - no-such-package#A: {}\n",
      [/^2:5: no-such-package can't be loaded: Cannot find module/],
    ],
    ["an unknown scheduler", "scheduler: nosuch\n", [/^1:12: There is no scheduler "nosuch" among those/]],
    ["no such object", "scheduler:\n  object: ./gone.bpf.o\n", [/^2:11: there is no file .*gone\.bpf\.o/]],
    [
      "two schedulers",
      "scheduler: { object: simple, socket: /x }\n",
      [/^1:1: it is to name one of object, running, socket; it names object and socket/],
    ],
    ["no scheduler in it", "scheduler: { set: {} }\n", [/^1:1: it is to name one of .* it names none/]],
    [
      "what doesn't belong together",
      "scheduler: { socket: /x, set: {} }\nrestart: {}\nserve: /y\n",
      [
        /^1:26: it says nothing beside "socket"/,
        /^2:1: only a scheduler that the agent itself runs/,
        /^3:1: only the statistics/,
      ],
    ],
    [
      "wrong rules",
      "scheduler:\n  socket: /x\n  rules:\n    stats: { a: { kind: sum }, b: { nonsense: 1 } }\n",
      [/^4:25: "kind" is none of counter, gauge/, /^4:37: there is no option "nonsense"/],
    ],
    [
      "rules of what has none",
      "scheduler: { object: simple, rules: {} }\n",
      [/^1:30: it says nothing beside "object"/],
    ],
    [
      "sockets' paths that are too long",
      `scheduler: { socket: /${"a".repeat(108)} }\n`,
      [/^1:22: A socket's path has at most 107 bytes/],
    ],
    [
      "the same where it serves",
      `scheduler: simple\nserve: /${"a".repeat(108)}\n`,
      [/^2:8: A socket's path has at most 107 bytes/],
    ],
    ["a wrong statistics map", "scheduler:\n  object: simple\n  statsMap: { stat: 1 }\n", [/^3:13: /]],
    [
      "a statistics map that names what isn't in the object",
      "scheduler:\n  object: simple\n  statsMap: { stats: { nobody: {} } }\n",
      [/^3:13: Statistics map: the object has no map or global "nobody"/],
    ],
    [
      "a wrong statistics map of what runs",
      "scheduler:\n  running: true\n  statsMap: { stats: { a b: {} } }\n",
      [/^3:13: Statistics map: "a b" is no place/],
    ],
    [
      "a fallback that isn't there",
      "scheduler: simple\nfallbacks: [simple, nosuch]\n",
      [/^2:21: There is no scheduler "nosuch"/],
    ],
  ])("%s", async (_, text, expected) => {
    const found = await problems(text);
    expect(found).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
  });

  it("also in a module's options, and in what it exports", async () => {
    const files = {
      "own.mjs": `
        export class Sink { static options = { type: "object", additionalProperties: false, properties: { n: { type: "number" } } }; write() {} }
        export class Source { name = "own"; schema = { name: "own", stats: [] }; read() { return {}; } }
        export const number = 5;
        export class Wrong { static options = { type: "nosuch" }; write() {} }
        export class Bare { name = "bare"; read() { return {}; } }
        export class Throws { constructor() { throw new Error("no way"); } see() {} }`,
    };
    const text = `sinks:
  - ./own.mjs#Sink: { n: x, m: 1 }
  - ./own.mjs#number: {}
  - ./own.mjs#Gone: {}
  - ./own.mjs#Wrong: {}
sources:
  - ./own.mjs#Sink: {}
  - { ./own.mjs#Source: {}, name: cpu }
  - ./own.mjs#Bare: {}
detectors:
  - ./own.mjs#Throws: {}
`;
    expect(await problems(text, files)).toEqual([
      expect.stringMatching(/^2:26: "n" must be number/),
      expect.stringMatching(/^2:29: there is no option "m"/),
      expect.stringMatching(/^3:5: \.\/own\.mjs#number is no sink/),
      expect.stringMatching(
        /^4:5: \.\/own\.mjs has no export "Gone"; it has Bare, Sink, Source, Throws, Wrong, number/,
      ),
      expect.stringMatching(/^5:5: its own schema of options can't be used: /),
      expect.stringMatching(/^7:5: \.\/own\.mjs#Sink is none of the sources: .*read\(\)/),
      expect.stringMatching(/^8:7: there is a group "cpu" already/),
      expect.stringMatching(/^9:5: \.\/own\.mjs#Bare is none of the sources: .*a schema/),
      expect.stringMatching(/^11:5: no way/),
    ]);
  });
});

describe("a config that is right", () => {
  it("has its defaults, and one component for each mapping", async () => {
    const text = `
sinks:
  - &file { jsonl: { file: /dev/null } }
  - *file
  - jsonl: { file: /dev/null }
detectors:
  - name: hot
    threshold: { metric: cpu.*.use, above: 0.9 }
    sinks: [*file, { log: }]
`;
    const { settings, sinks, detectors } = await load(text);
    expect(settings).toMatchObject({ intervalMs: 1000, shutdownMs: 5000 });
    expect(sinks.map(({ name, samples }) => [name, samples])).toEqual([
      ["jsonl", true],
      ["jsonl_2", true],
      ["log", false],
    ]);
    expect(detectors[0]?.sinks).toEqual([sinks[0], sinks[2]]);
  });

  it("may be empty, JSON, or have merge keys", async () => {
    expect((await load("")).sinks).toEqual([]);
    expect((await load('{"intervalMs": 5, "sinks": [{"jsonl": {}}]}')).sinks).toHaveLength(1);
    const merged = "sinks:\n  - jsonl: &o { batch: 7 }\n  - jsonl: { <<: *o, queue: 9 }\n";
    expect((await load(merged)).sinks).toHaveLength(2);
    expect((await load("sinks: [{ prometheus: { listen: 9000 } }]")).sinks).toHaveLength(1);
    expect(await problems("sinks:\n  - jsonl: &o { batch: x }\n  - jsonl: { <<: *o }\n")).toHaveLength(2);
  });

  it("is the same component only while it and its module are the same", async () => {
    const root = folder({ "own.mjs": "export const A = () => ({ write() {} });" });
    const file = join(root, "agent.yaml");
    const key = async (text: string) => {
      writeFileSync(file, text);
      return (await loadConfig(file, {})).sinks[0]?.key;
    };
    const first = await key("sinks: [{ ./own.mjs#A: { a: 1 } }]");
    expect(await key("intervalMs: 7\nsinks: [{ ./own.mjs#A: { a: 1 } }]")).toBe(first);
    expect(await key("sinks: [{ ./own.mjs#A: { a: 2 } }]")).not.toBe(first);
    writeFileSync(join(root, "own.mjs"), "export const A = () => ({ async write() {} });");
    expect(await key("sinks: [{ ./own.mjs#A: { a: 1 } }]")).not.toBe(first);
  });

  it("is the README's", async () => {
    const readme = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");
    const [, text = ""] = /## The agent.*?```yaml\n(.*?)```/s.exec(readme) ?? [];
    const { watched, sinks, detectors, actuators } = await load(text);
    expect(watched).toMatchObject({ object: "simple", set: { slice_us: 10000 } });
    expect(detectors[0]?.sinks).toEqual([sinks[1]]);
    expect(actuators).toMatchObject([{ name: "switch", on: ["crowded"], enabled: false, times: 1 }]);
  });

  it("is what we ship", async () => {
    const config = await loadConfig(join(share, "agent.yaml"), {});
    expect(config.watched).toMatchObject({ object: "simple", set: { slice_us: 20000 } });
    expect(config.settings.labels).toEqual({ site: "home" });
    expect(config.detectors.map(({ name }) => name)).toEqual(["busy", "unusual"]);
  });
});

describe("the schema", { timeout: 60_000 }, () => {
  it("is JSON Schema that knows all kinds and their options", async () => {
    const schema = configSchema(await knownKinds());
    expect(new Ajv2020({ strict: false }).validateSchema(schema)).toBe(true);
    const printed = JSON.parse(execFileSync(process.execPath, [cli, "agent", "--print-schema"], { encoding: "utf8" }));
    expect(printed).toEqual(JSON.parse(JSON.stringify(schema)));
    const { sinks, detectors } = printed.properties;
    expect(sinks.items.properties.prometheus.properties).toHaveProperty("listen");
    expect(detectors.items.properties.zscore.properties.sigma).toMatchObject({ type: "number", default: 3 });
  });
});

describe("scxkit agent --check", { timeout: 60_000 }, () => {
  const check = (file: string) =>
    spawnSync(process.execPath, [cli, "agent", "--check", "--config", file], { encoding: "utf8" });

  it("says all that is wrong, and ends with 65", () => {
    const file = join(folder({ "agent.yaml": "intervalMs: x\nsinks:\n  - nosuch:\n" }), "agent.yaml");
    const { status, stderr } = check(file);
    expect(status).toBe(65);
    expect(stderr).toContain(`${file}:1:13: "intervalMs" must be number (and 1 more). [ERR_SCX_CONFIG]`);
    expect(stderr).toMatch(new RegExp(`^${file}:3:5: there is no sink "nosuch"`, "m"));
  });

  it("ends with 0 for a good one, 66 without one, 64 when none is named", () => {
    const good = check(join(share, "agent.yaml"));
    expect([good.status, good.stderr, good.stdout]).toEqual([0, "", expect.stringMatching(/can be used/)]);
    expect(check("/nowhere.yaml").status).toBe(66);
    expect(spawnSync(process.execPath, [cli, "agent"]).status).toBe(64);
  });
});

describe("the systemd unit", { timeout: 60_000 }, () => {
  const unit = join(share, "scxkit-agent.service");
  const has = spawnSync("systemd-analyze", ["--version"]).status === 0;

  it.skipIf(!has)("is one that systemd takes, and hardened (systemd-analyze)", () => {
    const verified = spawnSync("systemd-analyze", ["verify", unit], { encoding: "utf8" });
    expect(verified.stderr.split("\n").filter((line) => line.includes("scxkit-agent"))).toEqual([]);
    const { stdout } = spawnSync("systemd-analyze", ["security", "--offline=true", "--no-pager", unit], {
      encoding: "utf8",
    });
    const [, exposure] = /Overall exposure level for \S+: ([\d.]+)/.exec(stdout) ?? [];
    expect(Number(exposure)).toBeLessThan(4);
  });

  it("starts the command as it is", () => {
    expect(readFileSync(unit, "utf8")).toMatch(
      /^ExecStart=\/usr\/bin\/env scxkit agent --config \/etc\/scxkit\/agent\.yaml$/m,
    );
  });
});
