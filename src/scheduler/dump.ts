// SPDX-License-Identifier: MIT

/** A task as a dump names it. */
export interface DumpTaskName {
  comm: string;
  pid: number;
}

/** The task that waited longer than the watchdog allows. */
export interface StalledTask extends DumpTaskName {
  /** How long it had been runnable without running, in ms. */
  waitedMs: number;
}

/** One task of a dump. */
export interface DumpTask extends DumpTaskName {
  /** `R`, `S`, …: the kernel's task_state_to_char(). */
  state: string;
  /** Whether it is what its CPU runs. */
  current: boolean;
  /** The scheduler it belongs to, where the kernel says so (from 7.1 on): `root`. */
  scheduler?: string;
  /** Since when it is runnable, in ms from the dump: -1928 is nearly two seconds ago. */
  runnableMs: number;
  /** Id of the dispatch queue that it is on, with all its bits; undefined when it is on none. */
  dsq?: bigint;
  /** The kernel's name=value pairs, as they stand: `weight`, `slice`, `scx_state/flags`, … */
  fields: Record<string, string>;
  /** Its kernel stack, innermost frame first. */
  stack: string[];
  /** Any other line: what the scheduler's ops.dump_task printed, what a newer kernel adds. */
  text: string[];
}

/** One CPU of a dump; idle ones may be left out by the kernel. */
export interface DumpCpu {
  cpu: number;
  /** Tasks that are runnable there. */
  nrRun: number;
  /** What it runs; the idle task is `swapper/N`, pid 0. */
  current?: DumpTaskName & { class: string };
  /** The kernel's name=value pairs, as they stand: `nr_run`, `flags`, `cpu_rel`, `ops_qseq`, `pnt_seq`, … */
  fields: Record<string, string>;
  tasks: DumpTask[];
  /** Any other line: what the scheduler's ops.dump_cpu printed, what a newer kernel adds. */
  text: string[];
}

/** The kernel's debug dump in parts; a part that it lacks is empty or absent. */
export interface Dump {
  /** The task during which the exit was noticed: often a bystander. */
  trigger?: DumpTaskName;
  /** Number of the exit's kind. */
  number?: number;
  /** The CPU on which it was noticed; from 7.2 on. */
  cpu?: number;
  /** `reason (message)`. */
  reason: string;
  stalled?: StalledTask;
  /** Where in the kernel the exit was noticed, innermost frame first. */
  backtrace: string[];
  cpus: DumpCpu[];
  /** sched_ext's own event counters by name (SCX_EV_…), since attach; where the kernel adds them. */
  events: Record<string, bigint>;
  /** Whether ops.exit_dump_len was too short for all of it. */
  truncated: boolean;
  /** Lines outside the CPUs that are nothing of the above: what the scheduler's ops.dump printed, its name on 7.2. */
  text: string[];
}

/** Longer lines are nothing that a pattern below is for; none of them is then ever tried on a long line. */
const longest = 512;

// check_rq_for_timeouts() of kernel/sched/ext.c. A comm may hold anything, brackets and spaces too: the last [pid] counts.
const stalledPattern = /^(.*)\[(\d+)\] failed to run for (\d+)\.(\d{3})s/;
// scx_dump_state() and scx_dump_task() of the same file; the scheduler's name ("*root") is there from 7.1 on.
const triggerPattern = /^(.*)\[(\d+)\] triggered exit kind (\d+)(?: on CPU (\d+))?:$/;
const cpuPattern = /^CPU (\d+) *: (.*)$/;
const currentPattern = /^ +curr=(.*)\[(\d+)\] class=(\S+)$/;
const taskPattern = /^ ([ *])(\S) (.*)\[(\d+)\](?: \*?([a-z]\S*))? ([+-]\d+)ms$/;
const framePattern = /^\S+\+0x[0-9a-f]+\/0x[0-9a-f]+(?: \[\S+\])?$/;
const eventPattern = /^ *(SCX_EV_\w+): +(\d{1,20})$/;
const truncatedMarker = "~~~~ TRUNCATED ~~~~";

/** Which task a stall's message accuses; undefined for any other message, as that of a watchdog which couldn't run itself. */
export function stalledTask(message: string): StalledTask | undefined {
  const [, comm, pid, seconds, ms] = stalledPattern.exec(message.slice(0, longest)) ?? [];
  return comm === undefined ? undefined : { comm, pid: Number(pid), waitedMs: Number(seconds) * 1000 + Number(ms) };
}

/** Takes name=value pairs into the fields; false, and nothing taken, when the line is anything else. */
function takeFields(fields: Record<string, string>, text: string): boolean {
  const pairs = text.trim().split(/ +/);
  if (!pairs.every((pair) => /^[a-z][a-z_/]*=/.test(pair))) return false;
  for (const pair of pairs) fields[pair.slice(0, pair.indexOf("="))] = pair.slice(pair.indexOf("=") + 1);
  return true;
}

function dsqOf(id: string | undefined): bigint | undefined {
  return id !== undefined && /^0x[0-9a-f]{1,16}$/.test(id) ? BigInt(id) : undefined;
}

/**
 * Takes the debug dump of a scheduler's exit apart. It differs between kernels and may end anywhere, so nothing is
 * demanded: what isn't understood is kept as text. Never throws; takes time in proportion to the text.
 */
export function parseDump(text: string): Dump {
  const dump: Dump = {
    reason: "",
    backtrace: [],
    cpus: [],
    events: Object.create(null),
    truncated: false,
    text: [],
  };
  /** Takes a line of the part that has begun last. */
  let take = takeHeaderLine;
  for (const line of text.split("\n")) {
    // No pattern is ever tried on more than this.
    const short = line.length <= longest ? line : "";
    if (line.trim() === "" || /^-+$/.test(short)) continue;
    if (line === truncatedMarker) dump.truncated = true;
    else if (line === "Backtrace:") take = takeFrame;
    else if (line === "CPU states") take = takeHeaderLine;
    else if (line === "Event counters") take = takeEvent;
    else if (cpuPattern.test(short)) {
      takeCpu(dump, line);
      take = takeCpuLine;
    } else take(dump, line, short);
  }
  return dump;
}

function takeHeaderLine(dump: Dump, line: string, short: string): void {
  const found = dump.trigger ? null : triggerPattern.exec(short);
  if (found) {
    dump.trigger = { comm: found[1] ?? "", pid: Number(found[2]) };
    dump.number = Number(found[3]);
    if (found[4] !== undefined) dump.cpu = Number(found[4]);
  } else if (dump.trigger && dump.reason === "" && line.startsWith("  ")) takeReason(dump, line.trim());
  else dump.text.push(line);
}

function takeFrame(dump: Dump, line: string, short: string): void {
  // The scheduler's ops.dump has no heading, but isn't indented.
  if (framePattern.test(short.trim())) dump.backtrace.push(line.trim());
  else dump.text.push(line);
}

function takeEvent(dump: Dump, line: string, short: string): void {
  const [, name, count = "0"] = eventPattern.exec(short) ?? [];
  if (name) dump.events[name] = BigInt(count);
  else dump.text.push(line);
}

function takeCpu(dump: Dump, line: string): void {
  const [, number, pairs = ""] = cpuPattern.exec(line) ?? [];
  const cpu: DumpCpu = { cpu: Number(number), nrRun: 0, fields: Object.create(null), tasks: [], text: [] };
  if (takeFields(cpu.fields, pairs)) cpu.nrRun = Number(cpu.fields.nr_run) || 0;
  else cpu.text.push(line);
  dump.cpus.push(cpu);
}

function takeCpuLine(dump: Dump, line: string, short: string): void {
  const cpu = dump.cpus.at(-1) as DumpCpu;
  const found = taskPattern.exec(short);
  const task = cpu.tasks.at(-1);
  const current = task ? null : currentPattern.exec(short);
  if (found) {
    const [, mark, state = "", comm = "", pid, scheduler, ms] = found;
    cpu.tasks.push({
      comm,
      pid: Number(pid),
      state,
      current: mark === "*",
      ...(scheduler && { scheduler }),
      runnableMs: Number(ms),
      fields: Object.create(null),
      stack: [],
      text: [],
    });
  } else if (task) takeTaskLine(task, line, short);
  else if (current) cpu.current = { comm: current[1] ?? "", pid: Number(current[2]), class: current[3] ?? "" };
  // The kernel's own are further in than what the scheduler's ops.dump_cpu prints, which may look the same.
  else if (!/^ {10}/.test(line) || !takeFields(cpu.fields, line)) cpu.text.push(line);
}

function takeReason(dump: Dump, reason: string): void {
  dump.reason = reason;
  const message = reason.indexOf("(");
  const stalled = message < 0 ? undefined : stalledTask(reason.slice(message + 1));
  if (stalled) dump.stalled = stalled;
}

function takeTaskLine(task: DumpTask, line: string, short: string): void {
  const words = line.trim();
  // The kernel's pairs are further in than what the scheduler's ops.dump_task may say in the same form.
  if (/^ {6}/.test(line) && takeFields(task.fields, words)) {
    const dsq = dsqOf(task.fields.dsq_id);
    if (dsq !== undefined) task.dsq = dsq;
  } else if (framePattern.test(short.trim())) task.stack.push(words);
  else task.text.push(line);
}
