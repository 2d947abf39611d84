// SPDX-License-Identifier: MIT
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { generateModule } from "../../../src/gen/module.js";
import { checkout, shippedObject, testObject } from "../../objects.js";
import { changedSimple, renamedSimple } from "./object.js";

const folder = join(checkout, "build/test/gen");

/** What somebody does with simple; the lines with a number are those that a changed scheduler breaks, by that error. */
const user = (module: string) => `
import { type LoadedObject, type Sample, Sampler, StatsServer, superviseScheduler } from "scxkit";
import { openSimple, type Simple, SimpleScxExitKind, type SimpleStats } from "./${module}.js";

const object = await openSimple("simple.bpf.o");
object.globals.fifo = true; // 2339
object.globals.slice_us = 5000n; // 2322
object.setGlobal("uei.kind", 1);
object.resize("run_start", 2);
object.ops.timeout_ms = 5000;
object.ops.flags = ["ENQ_LAST", "SWITCH_PARTIAL"];
object.ops.flags = object.ops.flags | 1n;
object.setOps("name", "mine");
object.setProgram("scx_stats_reset", "off");
export const loaded: LoadedObject<Simple> = await object.load();
export const slice: bigint = loaded.globals.slice_us; // 2322
loaded.globals.vtime_now = 0n;
export const code: number | undefined = loaded.globals.uei.kind === SimpleScxExitKind.SCX_EXIT_UNREG ? 0 : undefined;
export const id = loaded.maps.run_start.id;
export const starts: bigint | undefined = loaded.maps.run_start.get(0)?.[0];
loaded.maps.run_start.set(0, [1n, 2]);
export const counted: bigint[] = (loaded.maps.scx_stats.get(0) ?? []).map((cpu) => cpu.expired); // 2339
for (const [key, values] of loaded.maps.scx_stats) console.log(key + 1, values[0]?.local);
const { status, context } = loaded.run("scx_stats_reset", { local: 0 });
export const reset: bigint = status === 0 ? context.expired : 0n; // 2339
const scheduler = await loaded.attach();
const sampler = new Sampler(scheduler.stats, { intervalMs: 1000 });
export const server = await StatsServer.listen({ path: "/tmp/stats", sampler });
const print = ({ stats }: Sample<SimpleStats>) => console.log(stats.local.delta, stats.busy.value + 1n);
for await (const sample of sampler) print(sample);
export const expired: bigint = sampler.totals().stats.expired.total; // 2339
const grouped = new Sampler(scheduler.stats, { intervalMs: 1000, by: ["llc"] });
for await (const { by } of grouped) console.log(by?.llc?.["0-3"]?.local?.delta);
for await (const { by } of grouped) console.log(by?.llc?.["0-3"]?.expired?.delta); // 2339
export const run = await superviseScheduler({ open: () => openSimple("simple.bpf.o") });
`;

/** Each line is wrong, by the error that it names. */
const wrong = `
import { BpfObject, type ObjectTypes, Sampler } from "scxkit";
import { openCompanions } from "./companions.js";
import { type CountColour, openCount } from "./count.js";
import { openReaders } from "./readers.js";
declare const export_: (...values: (bigint | undefined)[]) => void;
const object = await openCount("count.bpf.o");
object.globals.ro_u9 = 1; // 2551
object.globals.ro_u8 = 1n; // 2322
object.globals.ro_u64 = 1; // 2322
object.globals.ro_bool = 1; // 2322
object.globals.ro_text = 1; // 2322
object.globals.ro_colour = "PINK"; // 2322
object.globals.ro_grid = [1, 2]; // 2322 2322
object.globals.ro_outer = { tag: 1 }; // 2739
object.globals.ro_outer.tag = 1; // 2540
object.setGlobal("ro_u9[1]", 1); // 2345
object.resize("no_map", 1); // 2345
object.ops.timeout_ms = 1; // 2339
object.setProgram("count_al", "off"); // 2345
export const pink: CountColour = "PINK"; // 2322
const loaded = await object.load();
loaded.globals.ro_u8 = 1; // 2540
loaded.maps.no_map; // 2339
loaded.maps.scx_stats.get("0"); // 2345
loaded.maps.scx_stats.get(0)?.events; // 2339
loaded.maps.scx_stats.set(0, { events: 1 }); // 2353
loaded.globals.data_u8 = "1"; // 2322
loaded.run("count_all"); // 2345
loaded.run("count_plain", { m: 1 }); // 2769
loaded.run("count_plain", { n: "1" }); // 2769
loaded.run("bump", {}); // 2769
loaded.run("observe", { n: 1 }).context.m; // 2339
for await (const { stats } of new Sampler(loaded.stats, { intervalMs: 1 })) {
  stats.evens; // 2551
  stats.even.value; // 2339
  stats.level.total; // 2339
  stats.sizes.bucket; // 2551
}
// Statistics that are found, and not declared.
const others = await (await openReaders("readers.bpf.o")).load();
for await (const { stats } of new Sampler(others.stats, { intervalMs: 1 })) {
  export_(stats.moved.delta, stats.pid_stats.entries["10"]?.total);
  stats.event_stats_1; // 2339
  stats.pid_stats.entries["10"].total; // 2532
  stats.balance.total; // 2339
}
// Programs that are neither run nor callbacks.
const beside = await openCompanions("companions.bpf.o");
beside.setProgram("companions_exec", "load");
beside.setProgram("companions_optional", "on");
beside.setProgram("companions_call", "off");
beside.setProgram("companions_exe", "off"); // 2345
beside.setProgram("companions_enqueue", "off"); // 2345
beside.setProgram("companions_exec", "no"); // 2345
(await beside.load()).run("companions_exec"); // 2345
// What nobody told anything of knows no names.
const any: BpfObject<ObjectTypes> = await BpfObject.open("any.bpf.o");
any.globals.what_ever = 1n;
any.setProgram("what_ever", "off");
export const all: BpfObject[] = [any, object];
`;

/** What the README does with our own. */
const readme = [...readFileSync(join(checkout, "README.md"), "utf8").matchAll(/```ts\n([\s\S]*?)```/g)]
  .map(([, program = ""]) => program)
  .filter((program) => program.includes("scxkit/schedulers/simple"))
  .join("");

/** Errors by file, each a line and a number, in their order. */
const found = new Map<string, string[]>();
const expected = (text: string): string[] =>
  text.split("\n").flatMap((line, i) =>
    (/\/\/ ([\d ]+)$/.exec(line)?.[1] ?? "")
      .split(" ")
      .filter(Boolean)
      .map((code) => `${i + 1} ${code}`),
  );

beforeAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  const changed = changedSimple(join(folder, "changed"), (source) =>
    source
      .replaceAll(/\bfifo\b/g, "lifo")
      .replace("const volatile u64 slice_us", "const volatile u32 slice_us")
      .replaceAll(/\bexpired\b/g, "overdue"),
  );
  const hostile = renamedSimple(join(folder, "hostile/evil\nevil();.bpf.o"), [
    ["slice_us", "*/e();/*"],
    ["vtime_now", "__proto__"],
    ["tasks put on the shared queue", "*/ globalThis.evil(); /*\n\u2028"],
    ["user_exit_info", "x;evil();y<T>`"],
    ["SCX_EXIT_DONE", "__proto__"],
    ["SCX_EXIT_UNREG_BPF", '"]: 0 }; evil();//'],
    ["run_start", "`#{e()}`\\"],
  ]);
  const files = {
    "simple.ts": await generateModule(shippedObject("simple")),
    "changed.ts": await generateModule(changed),
    "hostile.ts": await generateModule(hostile),
    "readers.ts": await generateModule(testObject("readers")),
    "count.ts": await generateModule(testObject("count")),
    "companions.ts": await generateModule(testObject("companions")),
    "user.ts": user("simple"),
    "user_of_changed.ts": user("changed"),
    "wrong.ts": wrong,
    "readme.ts": readme,
    "tsconfig.json": JSON.stringify({
      extends: "../../../tsconfig.json",
      compilerOptions: { rootDir: ".", outDir: "out", declaration: false, sourceMap: false, removeComments: true },
      include: ["*.ts"],
    }),
  };
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const output = await new Promise<string>((resolve) => {
    execFile(
      join(checkout, "node_modules/.bin/tsc"),
      ["-p", folder, "--pretty", "false"],
      { cwd: folder },
      (_, stdout) => resolve(stdout),
    );
  });
  for (const [, file = "", line, code] of output.matchAll(/^(\S+)\((\d+),\d+\): error TS(\d+):/gm))
    found.set(file, [...(found.get(file) ?? []), `${line} ${code}`]);
  if (found.size === 0) throw new Error(`tsc found nothing wrong:\n${output}`);
}, 120_000);

it("compiles, and what uses it rightly does", () => {
  expect(readme).toContain("await openSimple()");
  for (const file of ["simple.ts", "count.ts", "companions.ts", "readers.ts", "changed.ts", "user.ts", "readme.ts"])
    expect([file, found.get(file)]).toEqual([file, undefined]);
});

it("makes a wrong name or type an error", () => {
  expect(found.get("wrong.ts")).toEqual(expected(wrong));
});

it("breaks the check of what uses a field that was renamed, removed or given another type in the BPF source", () => {
  const program = user("changed");
  expect(expected(program)).toHaveLength(7);
  expect(found.get("user_of_changed.ts")).toEqual(expected(program));
});

it("is no way for an object's names to become code", () => {
  expect(found.get("hostile.ts")).toBeUndefined();
  const compiled = readFileSync(join(folder, "out/hostile.js"), "utf8");
  const benign = readFileSync(join(folder, "out/simple.js"), "utf8");
  const renamed = benign
    .replaceAll("Simple", "EvilEvil")
    .replace("SCX_EXIT_DONE:", '["__proto__"]:')
    .replace("SCX_EXIT_UNREG_BPF:", '"\\"]: 0 }; evil();//":');
  expect(compiled).toBe(renamed);
});
