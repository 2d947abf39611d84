// SPDX-License-Identifier: MIT
#include "addon.h"

#include <bpf/libbpf.h>

#include "accumulator.h"
#include "clocks.h"
#include "kernel_btf.h"
#include "kernel_ids.h"
#include "kernel_objects.h"
#include "keyed_snapshot.h"
#include "link.h"
#include "lock.h"
#include "map.h"
#include "message_log.h"
#include "notify.h"
#include "object.h"
#include "peer.h"
#include "process.h"
#include "program.h"
#include "snapshot.h"
#include "ticker.h"
#include "uevent.h"

namespace scxkit {
namespace {

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  MessageLog::Install();
  auto* addon = new Addon;
  env.SetInstanceData(addon);
  auto define = [&](const char* name, Napi::Function constructor) {
    exports.Set(name, constructor);
    return Napi::Persistent(constructor);
  };
  addon->object = define("Object", Object::Define(env));
  addon->map = define("Map", Map::Define(env));
  addon->program = define("Program", Program::Define(env));
  addon->link = define("Link", Link::Define(env));
  addon->kernelBtf = define("KernelBtf", KernelBtf::Define(env));
  define("KeyedSnapshot", KeyedSnapshot::Define(env));
  define("Snapshot", Snapshot::Define(env));
  define("Accumulator", Accumulator::Define(env));
  define("Clocks", Clocks::Define(env));
  define("Ticker", Ticker::Define(env));
  define("Uevents", Uevents::Define(env));
  exports.Set("mapById", Napi::Function::New<Map::ById>(env));
  exports.Set("structOpsLinks", Napi::Function::New<StructOpsLinks>(env));
  exports.Set("structOpsMaps", Napi::Function::New<StructOpsMaps>(env));
  exports.Set("programIds", Napi::Function::New<ProgramIds>(env));
  exports.Set("pinnedMap", Napi::Function::New<PinnedMap>(env));
  exports.Set("programById", Napi::Function::New<ProgramById>(env));
  exports.Set("btfById", Napi::Function::New<BtfById>(env));
  exports.Set("setNoNewPrivs", Napi::Function::New<SetNoNewPrivs>(env));
  exports.Set("notify", Napi::Function::New<Notify>(env));
  exports.Set("setFifo", Napi::Function::New<SetFifo>(env));
  exports.Set("peerCredentials", Napi::Function::New<PeerCredentials>(env));
  exports.Set("tryLock", Napi::Function::New<TryLock>(env));
  exports.Set("libbpfVersion", libbpf_version_string());
  return exports;
}

NODE_API_MODULE(scxkit, Init)

}  // namespace
}  // namespace scxkit
