// SPDX-License-Identifier: MIT
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, beforeEach, expect, it } from "vitest";
import { checkout, cli } from "../objects.js";

/** The library's folder, or why there is none here. */
let old: { folder: string } | { missing: string };

/** A libbpf that is older than 1.4, from the package sources that this machine has: Debian 12's is 1.1.2. Not installed. */
function fetchOldLibbpf(): typeof old {
  const folder = join(checkout, "build/old-libbpf");
  const apt = (...args: string[]) => spawnSync(args[0] ?? "", args.slice(1), { cwd: folder, encoding: "utf8" });
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const offered = apt("apt-cache", "madison", "libbpf1");
  if (offered.error) return { missing: "this system has no apt" };
  const version = /\| (1:1\.[0-3]\.\S+) \|/.exec(offered.stdout)?.[1];
  if (!version) return { missing: "this system's sources have no libbpf that is too old" };
  const got = apt("apt-get", "download", `libbpf1=${version}`);
  const file = readdirSync(folder).find((name) => name.endsWith(".deb"));
  if (!file) return { missing: `the package can't be fetched: ${got.stderr.trim().split("\n").at(-1)}` };
  apt("dpkg-deb", "-x", file, "unpacked");
  const library = readdirSync(folder, { recursive: true, encoding: "utf8" }).find((name) =>
    name.endsWith("/libbpf.so.1"),
  );
  return library ? { folder: join(folder, library, "..") } : { missing: "the package has no libbpf.so.1" };
}

beforeAll(() => {
  old = fetchOldLibbpf();
}, 60_000);
beforeEach(({ skip }) => {
  if ("missing" in old) skip(old.missing);
});

const scxkit = (...args: string[]) => {
  const env = { ...process.env, LD_LIBRARY_PATH: "folder" in old ? old.folder : "" };
  return spawnSync(process.execPath, [cli, ...args], { env, encoding: "utf8" });
};

it.each([
  ["run", "simple"],
  ["inspect", "simple"],
])("%s ends with 69 and says to upgrade", (...args) => {
  const { status, stdout, stderr } = scxkit(...args);
  expect({ status, stdout }).toEqual({ status: 69, stdout: "" });
  expect(stderr).toMatch(
    /^scxkit: The native addon can't be loaded: .*LIBBPF_1.* \[ERR_SCX_ADDON\]\n {2}Upgrade libbpf to 1\.4 .*\n$/,
  );
});

it("doctor finds it, and goes on with the other checks", () => {
  const { status, stdout, stderr } = scxkit("doctor");
  expect({ status, stderr }).toEqual({ status: 69, stderr: "" });
  expect(stdout).toMatch(/^problem {2}libbpf {8}The native addon can't be loaded: .*\n +Upgrade libbpf to 1\.4 /m);
  expect(stdout).toMatch(/ cpus /);
});

it("help needs no libbpf", () => {
  expect(scxkit("--help").status).toBe(0);
});
