// SPDX-License-Identifier: MIT
export type { Actuator, AnomalyEvent, Control } from "./agent/actuator.js";
export { Agent } from "./agent/agent.js";
export type { Anomaly, Detector, SeenSample } from "./agent/detector.js";
export { type AgentConfig, loadConfig } from "./agent/load.js";
export { Btf, type BtfKind, type BtfMember, type BtfType } from "./bpf/btf.js";
export type { BpfDescription, ExternDescription, MapDescription, TypeShape } from "./bpf/describe.js";
export type { ReadableMap, WritableMap } from "./bpf/map.js";
export { BpfObject, type OpenOptions, type ProgramUse, programUses } from "./bpf/object.js";
export type {
  Given,
  Globals,
  LoadedGlobals,
  LoadedMaps,
  NameIn,
  ObjectTypes,
  PathIn,
  StructValue,
} from "./bpf/object_types.js";
export type { OpsFlag } from "./bpf/ops_flags.js";
export type { StructOpsDescription } from "./bpf/struct_ops.js";
export type { BtfValue } from "./bpf/value.js";
export type { VariableDescription } from "./bpf/variable.js";
export { type ConformOptions, type ConformResult, conform, conformChecks } from "./conform/conform.js";
export { perSecond, share } from "./counters/rate.js";
export { type ReadValues, Tracker } from "./counters/tracker.js";
export { type LogLevel, type LogModule, type LogRecord, logLevels, logModules } from "./diagnostics.js";
export { errorCodes, ScxError, type ScxErrorCode, type ScxErrorInit } from "./error.js";
export { generateModule, type ModuleOptions } from "./gen/module.js";
export type { KernelNeeds, NeededConfig, NeededKfunc, NeededMember, NeededStruct } from "./inspect/kernel.js";
export { type InspectOptions, inspectObject, type ObjectDescription, type StatPlace } from "./inspect/object.js";
export { diagnose } from "./kernel/diagnosis.js";
export type { Finding, FindingId, FindingStatus } from "./kernel/finding.js";
export { type SchedExtState, type SchedulerEvents, schedExt } from "./kernel/sched_ext.js";
export { type Domain, domains } from "./kernel/topology.js";
export type { MapShape, ObjectMap, ObjectProgram, PeerCredentials } from "./native/index.js";
export { dropPrivileges, findUser, type User } from "./process/privilege.js";
export { runRealtime } from "./process/realtime.js";
export { allTarget } from "./protocol/all.js";
export { StatsClient } from "./protocol/client.js";
export type { RequestOptions, StatsClientOptions, StatsOptions, ValuesIn } from "./protocol/client_options.js";
export { declaredTarget } from "./protocol/declared.js";
export { type FollowOptions, followStats, type StatsReading } from "./protocol/follow.js";
export type { WireValue } from "./protocol/json.js";
export type { ServerLimits } from "./protocol/limits.js";
export { defaultSocketPath } from "./protocol/path.js";
export type { AllowList } from "./protocol/peer.js";
export type { ReplyValue } from "./protocol/reply.js";
export type { StatsRequest } from "./protocol/request.js";
export { type FollowSamplesOptions, followSamples } from "./protocol/samples.js";
export { StatsServer, type StatsServerOptions } from "./protocol/server.js";
export type { Answerer } from "./protocol/session.js";
export {
  EncodedReply,
  type Handler,
  type HandlerReply,
  type SampleProvider,
  type Session,
  sharedTarget,
  type Target,
  totalsTarget,
} from "./protocol/target.js";
export { type Exchange, Recorder, readRecording } from "./relay/recording.js";
export { type RelayOptions, StatsRelay } from "./relay/relay.js";
export { type ReplayOptions, StatsReplay } from "./relay/replay.js";
export {
  type AllStatsOptions,
  type BulkFlag,
  bulkFlags,
  getAllStats,
  iterateAllStats,
  type SampledScheduler,
  type StatsEntity,
  type StatsRecord,
} from "./sampler/all_stats.js";
export type { Param, Params } from "./sampler/params.js";
export type { SampleConsumer, SampleListener, SamplerOptions, TakeOptions } from "./sampler/sampler.js";
export { Sampler } from "./sampler/sampler.js";
export { type Running, ValueSampler, type ValueSamplerOptions } from "./sampler/values.js";
export {
  type Dump,
  type DumpCpu,
  type DumpTask,
  type DumpTaskName,
  parseDump,
  type StalledTask,
} from "./scheduler/dump.js";
export { type ExitKind, type ExitRecord, exitKinds } from "./scheduler/exit.js";
export { decodeExitCode, type ExitCode } from "./scheduler/exit_code.js";
export { recentExits } from "./scheduler/history.js";
export type { LoadedObject, LoadOptions, ProgramResult } from "./scheduler/loaded.js";
export { type RestartOptions, type RestartPolicy, restartPolicies } from "./scheduler/restart.js";
export type { Scheduler } from "./scheduler/scheduler.js";
export {
  type OpenScheduler,
  type RunEnd,
  type SuperviseOptions,
  type Supervisor,
  superviseScheduler,
} from "./scheduler/supervise.js";
export { VerifierError, type VerifierReport } from "./scheduler/verifier.js";
export { documentOf } from "./sinks/document.js";
export { type FedSampler, SinkFeed } from "./sinks/feed.js";
export type { Labels, Metric, MetricKind, Point, Series } from "./sinks/metric.js";
export { MetricPoints } from "./sinks/points.js";
export { type PromClientRegistry, promClientSink } from "./sinks/prom_client.js";
export { PrometheusSink } from "./sinks/prometheus.js";
export { type SinkCounts, SinkQueue } from "./sinks/queue.js";
export type { QueueOptions } from "./sinks/queue_options.js";
export {
  type CreateSinkOptions,
  createSink,
  factoryOf,
  type SinkKind,
  sinkFactory,
  sinkKinds,
} from "./sinks/registry.js";
export {
  type EventRecord,
  type OptionsSchema,
  type SampleRecord,
  type Sink,
  type SinkFactory,
  type SinkRecord,
  SinkRefusal,
} from "./sinks/sink.js";
export { Sinks } from "./sinks/sinks.js";
export type { ClearMode } from "./source/clear_mode.js";
export { type GroupName, groupNames } from "./source/group.js";
export { groupSource } from "./source/groups.js";
export { type LabelName, labelNames, standardLabels } from "./source/labels.js";
export type { GroupSum, StatsRollup } from "./source/rollup.js";
export { type RunningScheduler, runningScheduler, runningSchedulers } from "./source/running.js";
export type { SelfFacts } from "./source/self.js";
export type { StatsSource, Turn } from "./source/stats.js";
export { checkStatsMap, type MappedStat, type StatsMap } from "./source/stats_map.js";
export type { PlainValues, ValueSource } from "./source/values.js";
export { type DecodedValues, decodeValues, type Integers, type WithNumbers } from "./stats/decode.js";
export { defineStats, type FieldValues, type StatsDefinition, type ValuesOf } from "./stats/define.js";
export { helpLines } from "./stats/help.js";
export type * from "./stats/meta.js";
export { readMeta } from "./stats/read_meta.js";
export * from "./stats/schema.js";
export { schemaOf } from "./stats/schema_of.js";
export * as stat from "./stats/stat.js";
