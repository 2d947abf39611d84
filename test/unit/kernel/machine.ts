// SPDX-License-Identifier: MIT
import type { Machine } from "../../../src/kernel/machine.js";

/** A machine where all is well. */
export const sound: Machine = {
  release: "6.18.15+deb13-amd64",
  schedExt: true,
  config: {
    path: "/proc/config.gz",
    text: `CONFIG_BPF_SYSCALL=y
CONFIG_BPF_JIT=y
# CONFIG_BPF_JIT_ALWAYS_ON is not set
CONFIG_SCHED_CLASS_EXT=y
CONFIG_DEBUG_INFO_BTF=y
CONFIG_PAHOLE_VERSION=130
`,
  },
  types: {
    ops: ["select_cpu", "dump"],
    constants: {
      SCX_SLICE_INF: 0xffff_ffff_ffff_ffffn,
      SCX_DSQ_FLAG_BUILTIN: 0x8000_0000_0000_0000n,
      SCX_ENQ_PREEMPT: 0x1_0000_0000n,
    },
    brokenKfuncs: [],
  },
  jit: "1\n",
  libbpf: { version: "v1.5" },
  status: "Name:\tnode\nCapPrm:\t000001ffffffffff\nCapEff:\t000001ffffffffff\nCapBnd:\t000001ffffffffff\n",
  uidMap: "         0          0 4294967295\n",
  limits:
    "Max processes             96365                96365                processes \nMax locked memory         8388608              8388608              bytes     \n",
  unprivileged: "2\n",
  possible: "0-1\n",
  online: "0-1\n",
  socket: { folder: "/var/run/scx/root", nearest: "/var/run", writable: true },
};
