// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { openSinks, parseSink } from "../../../src/cli/sink_specs.js";
import { Exposition } from "../../../src/sinks/exposition.js";
import { MetricPoints } from "../../../src/sinks/points.js";
import { createSink, factoryOf, optionsSchema, sinkFactory, sinkKinds } from "../../../src/sinks/registry.js";
import type { SampleRecord, SinkRecord } from "../../../src/sinks/sink.js";
import { Sinks } from "../../../src/sinks/sinks.js";
import { nthRecord } from "./record.js";

describe("every kind", () => {
  it.each(Object.keys(sinkKinds))(
    "%s can be loaded without what it needs, and says what its options are",
    async (name) => {
      const factory = await sinkFactory(name);
      const { properties } = optionsSchema(factory) as { properties: Record<string, { description?: string }> };
      expect(properties).toHaveProperty("queue");
      if (factory.address !== undefined) expect(properties).toHaveProperty(factory.address);
      for (const [option, { description }] of Object.entries(properties))
        expect(description, `${name}: ${option}`).toMatch(/./);
    },
  );

  it("has a name", async () => {
    await expect(sinkFactory("__proto__")).rejects.toMatchObject({ code: "ERR_SCX_USAGE" });
  });
});

describe("a user's own sink", () => {
  const taken: SinkRecord[] = [];
  class Mine {
    static options = { properties: { url: { type: "string" } }, required: ["url"] };
    readonly url: string;
    constructor(options: { url: string }) {
      this.url = options.url;
    }
    write(records: readonly SinkRecord[]) {
      taken.push(...records);
    }
  }

  it.each([
    ["a class", Mine],
    ["a function", (options: { url: string }) => new Mine(options)],
    ["a factory", { options: Mine.options, create: (options: { url: string }) => new Mine(options) }],
  ])("is %s", async (_, exported) => {
    taken.length = 0;
    const queue = await createSink({
      name: "mine",
      factory: factoryOf("mine", exported),
      options: { url: "x", batch: 1 },
    });
    await using sinks = await Sinks.open([queue]);
    sinks.push(nthRecord(1));
    await sinks.close();
    expect(taken).toEqual([nthRecord(1)]);
  });

  it("has its options checked where it says what they are", async () => {
    const create = (options: object) => createSink({ name: "mine", factory: factoryOf("mine", Mine), options });
    await expect(create({ url: 1 })).rejects.toThrow(/Sink mine: "url" must be string/);
    await expect(create({})).rejects.toThrow(/"url" is missing/);
    const any = factoryOf("mine", () => new Mine({ url: "" }));
    await expect(createSink({ name: "mine", factory: any, options: { what: ["ever"] } })).resolves.toBeDefined();
  });

  it.each([["a text"], [undefined], [{}], [() => ({})]])("is not %s", async (exported) => {
    const made = async () => createSink({ name: "mine", factory: factoryOf("./x.mjs#Mine", exported) });
    await expect(made()).rejects.toMatchObject({ code: "ERR_SCX_USAGE", message: expect.stringMatching(/is no sink/) });
  });
});

describe("several", () => {
  it("are closed again when one can't be opened", async () => {
    const calls: string[] = [];
    const sink = (name: string, fails = false) => ({
      open: () => {
        calls.push(`open ${name}`);
        if (fails) throw new Error(`no ${name}`);
      },
      write: () => {},
      close: () => void calls.push(`close ${name}`),
    });
    const queues = [sink("a"), sink("b", true)].map((one, i) =>
      createSink({ name: `${i}`, factory: factoryOf("x", () => one) }),
    );
    await expect(Sinks.open(await Promise.all(queues))).rejects.toThrow("no b");
    expect(calls.sort()).toEqual(["close a", "close b", "open a", "open b"]);
  });

  it("tell those that keep metrics what each has counted", async () => {
    const records: SinkRecord[] = [];
    const mine = {
      metrics: true,
      create: () => ({ write: (all: readonly SinkRecord[]) => void records.push(...all) }),
    };
    const broken = () => ({
      write: () => {
        throw new Error("no");
      },
    });
    const queues = await Promise.all([
      createSink({ name: "mine", factory: mine }),
      createSink({ name: "broken", factory: factoryOf("x", broken), options: { retries: 0 } }),
    ]);
    const sinks = await Sinks.open(queues);
    sinks.push(nthRecord(1));
    while (queues[1]?.counts.dropped !== 1) await new Promise(setImmediate);
    sinks.own.runs("simple");
    sinks.own.exited({ ops: "other", kind: "unreg" });
    sinks.report(true);
    sinks.own.exited({ ops: "simple", kind: "error_stall" });
    sinks.report(false);
    await sinks.close();
    const [, own, later] = records;
    const both = (count: bigint) => ({ total: count, delta: count });
    expect(own).toMatchObject({
      group: "self",
      sample: {
        stats: {
          up: { value: 1n },
          exits: {
            entries: {
              simple: { fields: { exits: { entries: { unreg: both(0n), error_stall: both(0n) } } } },
              other: { fields: { exits: { entries: { unreg: both(1n), error_stall: both(0n) } } } },
            },
          },
          sinks: {
            entries: {
              mine: { fields: { written: both(1n), dropped: both(0n) } },
              broken: { fields: { written: both(0n), dropped: both(1n), failures: both(1n) } },
            },
          },
        },
      },
    });
    const points = new MetricPoints().of(later as SampleRecord);
    const exposed = new Exposition().render(points, "text");
    expect(exposed).toContain("\nscx_up 0\n");
    expect(exposed).toContain('\nscx_exits_total{scheduler="simple",kind="error_stall"} 1\n');
    expect(exposed).toContain('\nscx_exits_total{scheduler="simple",kind="unreg"} 0\n');
    expect(exposed).toContain('\nscx_exits_total{scheduler="other",kind="unreg"} 1\n');
    expect(later).toMatchObject({
      sample: {
        stats: {
          exits: { entries: { other: { fields: { exits: { entries: { unreg: { total: 1n, delta: 0n } } } } } } },
        },
      },
    });
  });
});

describe("--to", () => {
  it.each([
    ["log", "log", {}],
    ["jsonl:/a,b.jsonl", "jsonl", { file: "/a,b.jsonl" }],
    ["jsonl:/a,keep=3,maxBytes=10", "jsonl", { file: "/a", keep: "3", maxBytes: "10" }],
    ["http:http://u:p@h:1/x?a=1,b&c%2Cd=2,gzip=true", "http", { url: "http://u:p@h:1/x?a=1,b&c%2Cd=2", gzip: "true" }],
    ["kafka:h:9092,g:9092,topic=x=y,z", "kafka", { brokers: "h:9092,g:9092", topic: "x=y,z" }],
    ["prometheus,listen=[::1]:9000,groups=stats,cpu", "prometheus", { listen: "[::1]:9000", groups: "stats,cpu" }],
  ])("%s", async (text, kind, options) => {
    expect(await parseSink(text)).toMatchObject({ kind, options });
  });

  it.each(["", ":x", "nothing", "log,x", "jsonl keep=1"])("not %j", async (text) => {
    await expect(parseSink(text)).rejects.toMatchObject({ code: "ERR_SCX_USAGE" });
  });

  it.each([
    ["jsonl:a,maxbytes=5", /^Sink jsonl has no option "maxbytes"\. Is maxBytes meant\?\n.*file, maxBytes, maxLines/],
    ["http:http://h/in,tokenfile=/nofile", /no option "tokenfile"\. Is tokenFile meant/],
    ["kafka:h:9092,Topic=x", /no option "Topic"\. Is topic meant/],
    ["jsonl:a,max-bytes=1", /no option "max-bytes"\. Is maxBytes meant/],
    ["jsonl:a, keep=1", /no option " keep"\. Is keep meant/],
    ["jsonl:a,keep=1,kepe=2", /no option "kepe"\. Is keep meant/],
    ["log,queue=1,queue=2", /"queue" of sink log is given twice/],
    ["prometheus:9000,listen=9001", /"listen" of sink prometheus is given twice/],
    ["http:http://h/x?a=1,b=2", /no option "b"\.\n.*%2Cb=/],
  ])("not %j, and says which options there are", async (text, message) => {
    await expect(parseSink(text)).rejects.toThrow(message);
  });

  it.each(["timeoutMs=1e400", "queue=Infinity", "maxBytes=-1e400"])("no number without end: %s", async (option) => {
    await expect(openSinks({ to: [`log,${option}`] })).rejects.toThrow(`"${option.split("=")[0]}"`);
  });

  it("not a group that is never sent", async () => {
    await expect(openSinks({ to: ["log,groups=stats,nope"] })).rejects.toMatchObject({
      code: "ERR_SCX_USAGE",
      message: expect.stringMatching(/no group "nope" here\.\nThere are stats and self/),
    });
    await using sinks = await openSinks({ to: ["log,groups=stats,self"] });
    expect(sinks.queues).toHaveLength(1);
  });
});
