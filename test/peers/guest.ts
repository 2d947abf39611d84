// SPDX-License-Identifier: MIT
// `node --import tsx test/peers/guest.ts FOLDER… RESULT`, in the VM: runs every NAME.bpf.o of the folders with scxkit, and with
// its own loader where one lies beside it as NAME, and writes how each fared.

import { spawn } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { release } from "node:os";
import { basename, join } from "node:path";
import { cli } from "../objects.js";
import { pinned, settingsOf } from "./settings.js";
import { scxkitExit, type Trial, tryLoader, upstreamExit } from "./trial.js";

/** How an object fared on a kernel. */
export interface Pair {
  kernel: string;
  /** `folder/name`. */
  object: string;
  scxkit: Trial;
  /** Its own loader, where it has one here. */
  loader?: Trial;
}

const runMs = Number(process.env.SCXKIT_PEERS_MS ?? 3000);
const folders = process.argv.slice(2, -1);
const result = process.argv.at(-1) as string;
const pairs: Pair[] = [];

// Something to schedule, but little: an emulated guest has enough to do with the verifier.
const work = spawn("sh", ["-c", "while :; do sleep 0.05; done"], { stdio: "ignore" });
for (const folder of folders) {
  for (const file of readdirSync(folder)
    .filter((one) => one.endsWith(".bpf.o"))
    .sort()) {
    const name = file.slice(0, -".bpf.o".length);
    const path = join(folder, name);
    const scxkit = await tryLoader(
      {
        command: [
          ...pinned(name),
          process.execPath,
          cli,
          "run",
          `${path}.bpf.o`,
          "--socket",
          "none",
          "--json",
          ...(await settingsOf(`${path}.bpf.o`, name)),
        ],
        exit: scxkitExit,
      },
      runMs,
    );
    const loader = existsSync(path)
      ? await tryLoader({ command: [path], exit: (_, stderr) => upstreamExit(stderr) }, runMs)
      : undefined;
    pairs.push({ kernel: release(), object: `${basename(folder)}/${name}`, scxkit, ...(loader && { loader }) });
    // Whatever happens to the guest later, what there is so far is kept.
    writeFileSync(result, JSON.stringify(pairs, undefined, 1));
    process.stderr.write(`peers: ${name}: ${scxkit.end}, ${scxkit.exit?.reason ?? scxkit.stderr.split("\n")[0]}\n`);
  }
}
work.kill("SIGKILL");
