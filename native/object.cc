// SPDX-License-Identifier: MIT
#include "object.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include "addon.h"
#include "arena.h"
#include "elf_check.h"
#include "file.h"
#include "link.h"
#include "map.h"
#include "message_log.h"
#include "program.h"
#include "section.h"
#include "task.h"

namespace scxkit {

Napi::Function Object::Define(Napi::Env env) {
  return DefineClass(env, "Object",
                     {
                         StaticMethod<&Object::Open>("open"),
                         InstanceMethod<&Object::Btf>("btf"),
                         InstanceMethod<&Object::Maps>("maps"),
                         InstanceMethod<&Object::Programs>("programs"),
                         InstanceMethod<&Object::Externs>("externs"),
                         InstanceMethod<&Object::Callback>("callback"),
                         InstanceMethod<&Object::InitialValue>("initialValue"),
                         InstanceMethod<&Object::SetInitialValue>("setInitialValue"),
                         InstanceMethod<&Object::SetValueSize>("setValueSize"),
                         InstanceMethod<&Object::SetMaxEntries>("setMaxEntries"),
                         InstanceMethod<&Object::SetAutoload>("setAutoload"),
                         InstanceMethod<&Object::SetAutocreate>("setAutocreate"),
                         InstanceMethod<&Object::Load>("load"),
                         InstanceMethod<&Object::Map>("map"),
                         InstanceMethod<&Object::Program>("program"),
                         InstanceMethod<&Object::Attach>("attach"),
                         InstanceMethod<&Object::AttachProgram>("attachProgram"),
                         InstanceMethod<&Object::Associate>("associate"),
                         InstanceMethod<&Object::Close>("close"),
                     });
}

// Most need one or two, few more than a hundred, at some ms each.
constexpr unsigned kArenaAttempts = 400;
constexpr size_t kWrongKept = 13;

struct Object::Opened {
  std::shared_ptr<bpf_object> object;
  bool arenaLost = false;
  std::vector<Extern> externs;
};

// new Object(external): only open() constructs one.
Object::Object(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  if (info.Length() != 1 || !info[0].IsExternal()) throw Napi::TypeError::New(info.Env(), "use Object.open()");
  const Opened& opened = *info[0].As<Napi::External<Opened>>().Data();
  object_ = opened.object;
  externs_ = opened.externs;
  arenaLost_ = opened.arenaLost;
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object_.get()) maps_.push_back(map);
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object_.get()) programs_.push_back(program);
}

Napi::Value Object::Open(const Napi::CallbackInfo& info) {
  struct State {
    std::string path;
    std::string name;
    std::string pinRoot;
    std::string kconfig;
    int unreadable = 0;
    std::string reason;
    Opened opened;
  };
  auto state = std::make_shared<State>();
  state->path = info[0].As<Napi::String>();
  state->name = info[1].As<Napi::String>();
  const auto given = info[2].As<Napi::Object>();
  if (given.Get("pinRoot").IsString()) state->pinRoot = given.Get("pinRoot").As<Napi::String>();
  if (given.Get("kconfig").IsString()) state->kconfig = given.Get("kconfig").As<Napi::String>();

  auto work = [state]() -> int {
    std::vector<char> bytes;
    state->unreadable = -ReadFile(state->path.c_str(), &bytes);
    if (state->unreadable != 0) return 0;
    state->reason = CheckElf(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
    if (!state->reason.empty()) return 0;
    LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = state->name.c_str());
    if (!state->pinRoot.empty()) options.pin_root_path = state->pinRoot.c_str();
    if (!state->kconfig.empty()) options.kconfig = state->kconfig.c_str();
    // Those that came out wrong stay for a while, so that the next one lies elsewhere.
    std::vector<std::shared_ptr<bpf_object>> wrong;
    for (unsigned attempt = 0; attempt < kArenaAttempts; attempt++) {
      std::unique_ptr<Disorder> disorder;
      if (attempt > 0) disorder = std::make_unique<Disorder>(attempt);
      bpf_object* object = bpf_object__open_mem(bytes.data(), bytes.size(), &options);
      if (object == nullptr) return -errno;
      // A size from damaged BTF taken for an errno: libbpf (1.4 to 1.7) makes it a pointer, and that for no error.
      if (reinterpret_cast<intptr_t>(object) < 0) return -EINVAL;
      state->opened.object.reset(object, bpf_object__close);
      state->opened.arenaLost = ArenaLost(object, bytes);
      if (!state->opened.arenaLost) break;
      if (wrong.size() == kWrongKept) wrong.clear();
      wrong.push_back(state->opened.object);
    }
    LeaveUnmapped(state->opened.object.get());
    state->opened.externs = ReadExterns(reinterpret_cast<const uint8_t*>(bytes.data()));
    return 0;
  };
  auto done = [state](Napi::Env env, const std::vector<std::string>&) -> Napi::Value {
    if (state->unreadable != 0) throw Failure{"open", state->unreadable, {}}.ToError(env);
    // A file refused by our own check is no failure of libbpf: it comes back as the reason.
    if (!state->reason.empty()) return Napi::String::New(env, state->reason);
    auto external = Napi::External<Opened>::New(env, &state->opened);
    return Addon::Of(env)->object.New({external});
  };
  return Task::Run(info.Env(), "bpf_object__open_mem", Napi::Object(), work, done);
}

bpf_object* Object::Get(Napi::Env env) const {
  if (busy_) throw Napi::Error::New(env, "the object is being loaded or attached");
  if (!object_) throw Napi::Error::New(env, "the object is closed");
  return object_.get();
}

bpf_map* Object::MapAt(const Napi::CallbackInfo& info, size_t argument) const {
  Get(info.Env());
  const uint32_t index = info[argument].As<Napi::Number>();
  if (index >= maps_.size()) throw Napi::RangeError::New(info.Env(), "no map of that index");
  return maps_[index];
}

bpf_program* Object::ProgramAt(const Napi::CallbackInfo& info, size_t argument) const {
  Get(info.Env());
  const uint32_t index = info[argument].As<Napi::Number>();
  if (index >= programs_.size()) throw Napi::RangeError::New(info.Env(), "no program of that index");
  return programs_[index];
}

// btf(): Uint8Array | undefined, a copy of the object's raw BTF.
Napi::Value Object::Btf(const Napi::CallbackInfo& info) {
  const btf* types = bpf_object__btf(Get(info.Env()));
  if (types == nullptr) return info.Env().Undefined();
  uint32_t size = 0;
  const void* data = btf__raw_data(types, &size);
  auto copy = Napi::Uint8Array::New(info.Env(), size);
  memcpy(copy.Data(), data, size);
  return copy;
}

Napi::Value Object::Maps(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Get(env);
  auto list = Napi::Array::New(env, maps_.size());
  for (size_t i = 0; i < maps_.size(); i++) list[i] = DescribeMap(env, maps_[i]);
  return list;
}

Napi::Value Object::Programs(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Get(env);
  auto list = Napi::Array::New(env, programs_.size());
  for (size_t i = 0; i < programs_.size(); i++) {
    auto entry = Napi::Object::New(env);
    entry.Set("name", bpf_program__name(programs_[i]));
    entry.Set("section", bpf_program__section_name(programs_[i]));
    entry.Set("type", Napi::Number::New(env, bpf_program__type(programs_[i])));
    entry.Set("autoload", Napi::Boolean::New(env, bpf_program__autoload(programs_[i])));
    if (const char* type = libbpf_bpf_prog_type_str(bpf_program__type(programs_[i]))) entry.Set("typeName", type);
    list[i] = entry;
  }
  return list;
}

// externs(): { name: string, weak: boolean }[], the symbols that the kernel has to bring.
Napi::Value Object::Externs(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Get(env);
  auto list = Napi::Array::New(env, externs_.size());
  for (size_t i = 0; i < externs_.size(); i++) {
    auto entry = Napi::Object::New(env);
    entry.Set("name", externs_[i].name);
    entry.Set("weak", Napi::Boolean::New(env, externs_[i].weak));
    list[i] = entry;
  }
  return list;
}

// callback(map, offset): number | undefined, the program at that place of a struct_ops map's initial value, where
// libbpf (from 1.4 on) keeps its pointer until load. The pointer is compared only: the object's author may have put any
// number.
Napi::Value Object::Callback(const Napi::CallbackInfo& info) {
  if (loaded_) throw Napi::Error::New(info.Env(), "the object is loaded");
  size_t size = 0;
  const void* data = bpf_map__initial_value(MapAt(info, 0), &size);
  const int64_t offset = info[1].As<Napi::Number>();
  uintptr_t place = 0;
  if (data == nullptr || offset < 0 || static_cast<size_t>(offset) > size ||
      size - static_cast<size_t>(offset) < sizeof(place))
    throw Napi::RangeError::New(info.Env(), "outside the map's initial value");
  memcpy(&place, static_cast<const char*>(data) + offset, sizeof(place));
  const auto found = std::find_if(programs_.begin(), programs_.end(), [place](const bpf_program* program) {
    return reinterpret_cast<uintptr_t>(program) == place;
  });
  if (found == programs_.end()) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), static_cast<double>(found - programs_.begin()));
}

// initialValue(map): Uint8Array | undefined, a copy of what the map will hold when created (globals, struct_ops).
Napi::Value Object::InitialValue(const Napi::CallbackInfo& info) {
  size_t size = 0;
  const void* data = bpf_map__initial_value(MapAt(info, 0), &size);
  if (data == nullptr) return info.Env().Undefined();
  auto copy = Napi::Uint8Array::New(info.Env(), size);
  memcpy(copy.Data(), data, size);
  return copy;
}

// setInitialValue(map, offset, bytes): writes a part of it; before load only, later the memory is not libbpf's to
// change.
void Object::SetInitialValue(const Napi::CallbackInfo& info) {
  if (loaded_) throw Napi::Error::New(info.Env(), "the object is loaded");
  size_t size = 0;
  void* data = bpf_map__initial_value(MapAt(info, 0), &size);
  const int64_t offset = info[1].As<Napi::Number>();
  auto bytes = info[2].As<Napi::Uint8Array>();
  if (data == nullptr || offset < 0 || static_cast<size_t>(offset) > size ||
      size - static_cast<size_t>(offset) < bytes.ByteLength())
    throw Napi::RangeError::New(info.Env(), "outside the map's initial value");
  memcpy(static_cast<char*>(data) + offset, bytes.Data(), bytes.ByteLength());
}

void Object::SetValueSize(const Napi::CallbackInfo& info) {
  const uint32_t size = info[1].As<Napi::Number>();
  if (int error = bpf_map__set_value_size(MapAt(info, 0), size)) Throw(info.Env(), "bpf_map__set_value_size", -error);
}

void Object::SetMaxEntries(const Napi::CallbackInfo& info) {
  const uint32_t entries = info[1].As<Napi::Number>();
  if (int error = bpf_map__set_max_entries(MapAt(info, 0), entries))
    Throw(info.Env(), "bpf_map__set_max_entries", -error);
}

// setAutoload(program, on): whether load() loads it.
void Object::SetAutoload(const Napi::CallbackInfo& info) {
  const bool on = info[1].As<Napi::Boolean>();
  if (int error = bpf_program__set_autoload(ProgramAt(info, 0), on))
    Throw(info.Env(), "bpf_program__set_autoload", -error);
}

// setAutocreate(map, on): whether load() makes that map. libbpf leaves out the programs that only such a struct_ops map
// uses.
void Object::SetAutocreate(const Napi::CallbackInfo& info) {
  const bool on = info[1].As<Napi::Boolean>();
  if (int error = bpf_map__set_autocreate(MapAt(info, 0), on)) Throw(info.Env(), "bpf_map__set_autocreate", -error);
}

// load(): Promise<string[]>, libbpf's messages; they are on the error as `log` when it fails.
Napi::Value Object::Load(const Napi::CallbackInfo& info) {
  bpf_object* object = Get(info.Env());
  busy_ = true;
  loaded_ = true;
  return Task::Run(
      info.Env(), "bpf_object__load", info.This().As<Napi::Object>(),
      [object, lost = arenaLost_] {
        if (!lost) return bpf_object__load(object);
        MessageLog::Say("libbpf has lost the arena that global variables of it are in; from 1.6.1 on it doesn't\n");
        return -ENOTSUP;
      },
      [](Napi::Env env, const std::vector<std::string>& log) -> Napi::Value {
        auto lines = Napi::Array::New(env, log.size());
        for (size_t i = 0; i < log.size(); i++) lines[i] = Napi::String::New(env, log[i]);
        return lines;
      },
      [this] { busy_ = false; });
}

// map(index): Map, with a descriptor of its own.
Napi::Value Object::Map(const Napi::CallbackInfo& info) { return Map::Create(info.Env(), bpf_map__fd(MapAt(info, 0))); }

// program(index): Program, with a descriptor of its own.
Napi::Value Object::Program(const Napi::CallbackInfo& info) {
  return Program::Create(info.Env(), bpf_program__fd(ProgramAt(info, 0)));
}

Napi::Value Object::Attached(const Napi::CallbackInfo& info, const char* call, std::function<bpf_link*()> attach) {
  busy_ = true;
  auto held = std::make_shared<Link::Held>();
  held->object = object_;
  return Task::Run(
      info.Env(), call, info.This().As<Napi::Object>(),
      [held, attach = std::move(attach)] {
        bpf_link* link = attach();
        if (link == nullptr) return -errno;
        held->link.reset(link, [](bpf_link* last) { bpf_link__destroy(last); });
        return 0;
      },
      [held](Napi::Env env, const std::vector<std::string>&) { return Link::Create(env, std::move(*held)); },
      [this] { busy_ = false; });
}

// attach(map): Promise<Link>
Napi::Value Object::Attach(const Napi::CallbackInfo& info) {
  bpf_map* map = MapAt(info, 0);
  return Attached(info, "bpf_map__attach_struct_ops", [map] { return bpf_map__attach_struct_ops(map); });
}

// attachProgram(index): Promise<Link>, to what its section names. EOPNOTSUPP without a word from libbpf: the section
// names nothing that it could be attached to.
Napi::Value Object::AttachProgram(const Napi::CallbackInfo& info) {
  bpf_program* program = ProgramAt(info, 0);
  return Attached(info, "bpf_program__attach", [program] { return bpf_program__attach(program); });
}

// associate(program, map): tells the kernel which struct_ops map a program of another type belongs to. libbpf can only
// from 1.7 on (bpf_program__assoc_struct_ops); the call is plain enough to be made without it. Throws EINVAL on kernels
// that don't know it.
void Object::Associate(const Napi::CallbackInfo& info) {
  constexpr int kAssociate = 38;  // BPF_PROG_ASSOC_STRUCT_OPS of include/uapi/linux/bpf.h
  const struct {
    int32_t map;
    int32_t program;
    uint32_t flags;
  } wanted = {bpf_map__fd(MapAt(info, 1)), bpf_program__fd(ProgramAt(info, 0)), 0};
  if (syscall(SYS_bpf, kAssociate, &wanted, sizeof(wanted)) < 0) Throw(info.Env(), "BPF_PROG_ASSOC_STRUCT_OPS", errno);
}

// close(): idempotent. Links and maps made from the object stay valid.
void Object::Close(const Napi::CallbackInfo& info) {
  if (!object_) return;
  Get(info.Env());
  object_.reset();
  maps_.clear();
  programs_.clear();
}

}  // namespace scxkit
