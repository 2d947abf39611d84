// SPDX-License-Identifier: MIT
// Python's prometheus_client, with its strict parser of OpenMetrics: Debian's packages, unpacked into the user's cache.
import { join } from "node:path";
import { debianPackage } from "./debian.js";
import { type Missing, run } from "./peer.js";

/** The value of PYTHONPATH with which python3 finds it, or why it isn't here. */
export async function prometheusClient(): Promise<{ pythonPath: string } | Missing> {
  const python = await run("python3", ["--version"]);
  if (python.status !== 0) return { missing: "there is no python3" };
  const folders: string[] = [];
  // The second is what the first one imports.
  for (const name of ["python3-prometheus-client", "python3-decorator"]) {
    const got = await debianPackage(name);
    if ("missing" in got) return got;
    folders.push(join(got.folder, "usr/lib/python3/dist-packages"));
  }
  return { pythonPath: folders.join(":") };
}
