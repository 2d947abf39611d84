// SPDX-License-Identifier: MIT
#include "map.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "addon.h"
#include "clear.h"
#include "failure.h"
#include "task.h"

namespace scxkit {
namespace {

// Tells a Map from the objects of other classes, which Unwrap can't.
constexpr napi_type_tag kTag = {0x7363786b69744d61, 0x8f1d2c3b4a596877};

void SetShape(Napi::Object entry, const char* name, uint32_t type, uint32_t key, uint32_t value, uint32_t entries,
              uint32_t flags) {
  Napi::Env env = entry.Env();
  entry.Set("name", name);
  entry.Set("type", Napi::Number::New(env, type));
  entry.Set("keySize", Napi::Number::New(env, key));
  entry.Set("valueSize", Napi::Number::New(env, value));
  entry.Set("maxEntries", Napi::Number::New(env, entries));
  entry.Set("flags", Napi::Number::New(env, flags));
}

}  // namespace

Napi::Object DescribeMap(Napi::Env env, const bpf_map* map) {
  auto entry = Napi::Object::New(env);
  SetShape(entry, bpf_map__name(map), bpf_map__type(map), bpf_map__key_size(map), bpf_map__value_size(map),
           bpf_map__max_entries(map), bpf_map__map_flags(map));
  if (const char* type = libbpf_bpf_map_type_str(bpf_map__type(map))) entry.Set("typeName", type);
  if (const char* path = bpf_map__pin_path(map)) entry.Set("pinPath", path);
  entry.Set("autocreate", Napi::Boolean::New(env, bpf_map__autocreate(map)));
  entry.Set("keyTypeId", Napi::Number::New(env, bpf_map__btf_key_type_id(map)));
  entry.Set("valueTypeId", Napi::Number::New(env, bpf_map__btf_value_type_id(map)));
  return entry;
}

Napi::Function Map::Define(Napi::Env env) {
  return DefineClass(env, "Map",
                     {
                         InstanceMethod<&Map::GetInfo>("info"),
                         InstanceMethod<&Map::ReadMapped>("readMapped"),
                         InstanceMethod<&Map::WriteMapped>("writeMapped"),
                         InstanceMethod<&Map::ReadValue>("readValue"),
                         InstanceMethod<&Map::WriteValue>("writeValue"),
                         InstanceMethod<&Map::Lookup>("lookup"),
                         InstanceMethod<&Map::Update>("update"),
                         InstanceMethod<&Map::Remove>("remove"),
                         InstanceMethod<&Map::NextKey>("nextKey"),
                         InstanceMethod<&Map::Clear>("clear"),
                         InstanceMethod<&Map::Close>("close"),
                     });
}

Napi::Value Map::Create(Napi::Env env, int fd) { return Addon::Of(env)->map.New({Napi::External<int>::New(env, &fd)}); }

Napi::Value Map::ById(const Napi::CallbackInfo& info) {
  LIBBPF_OPTS(bpf_get_fd_by_id_opts, options, .open_flags = BPF_F_RDONLY);
  const int fd = bpf_map_get_fd_by_id_opts(info[0].As<Napi::Number>(), &options);
  if (fd < 0) Throw(info.Env(), "bpf_map_get_fd_by_id", -fd);
  Napi::Value map;
  try {
    map = Create(info.Env(), fd);
  } catch (...) {
    close(fd);
    throw;
  }
  close(fd);
  From(map)->readOnly_ = true;
  return map;
}

Map::Map(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  if (info.Length() != 1 || !info[0].IsExternal()) throw Napi::TypeError::New(info.Env(), "use Object.map()");
  info.This().As<Napi::Object>().TypeTag(&kTag);
  fd_ = fcntl(*info[0].As<Napi::External<int>>().Data(), F_DUPFD_CLOEXEC, 3);
  if (fd_ < 0) Throw(info.Env(), "fcntl", errno);
  uint32_t size = sizeof(info_);
  if (int error = bpf_map_get_info_by_fd(fd_, &info_, &size)) {
    Release();
    Throw(info.Env(), "bpf_map_get_info_by_fd", -error);
  }
}

Map* Map::From(Napi::Value value) {
  if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&kTag))
    throw Napi::TypeError::New(value.Env(), "not a Map");
  return Unwrap(value.As<Napi::Object>());
}

Map::~Map() { Release(); }

void Map::Release() {
  for (const auto& release : releases_) release();
  releases_.clear();
  if (memory_ != nullptr) munmap(memory_, memorySize_);
  if (fd_ >= 0) close(fd_);
  memory_ = nullptr;
  fd_ = -1;
}

int Map::Fd(Napi::Env env) const {
  if (fd_ < 0) throw Napi::Error::New(env, "the map is closed");
  return fd_;
}

Napi::Value Map::GetInfo(const Napi::CallbackInfo& info) {
  auto entry = Napi::Object::New(info.Env());
  SetShape(entry, info_.name, info_.type, info_.key_size, info_.value_size, info_.max_entries, info_.map_flags);
  Napi::Env env = info.Env();
  entry.Set("id", Napi::Number::New(env, info_.id));
  if (const char* type = libbpf_bpf_map_type_str(static_cast<bpf_map_type>(info_.type))) entry.Set("typeName", type);
  entry.Set("btfId", Napi::Number::New(env, info_.btf_id));
  entry.Set("keyTypeId", Napi::Number::New(env, info_.btf_key_type_id));
  entry.Set("valueTypeId", Napi::Number::New(env, info_.btf_value_type_id));
  return entry;
}

// The memory behind a global-data map (.data, .bss, .rodata), mapped at first use. libbpf 1.4's own mapping does not
// alias the kernel's memory once the object is loaded.
int Map::MapMemory() {
  if (memory_ != nullptr) return 0;
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  memorySize_ = ((static_cast<size_t>(info_.value_size) + 7) / 8 * 8 * info_.max_entries + page - 1) / page * page;
  const int access = IsReadOnly() ? PROT_READ : PROT_READ | PROT_WRITE;
  void* memory = mmap(nullptr, memorySize_, access, MAP_SHARED, fd_, 0);
  if (memory == MAP_FAILED) return errno;
  memory_ = static_cast<uint8_t*>(memory);
  return 0;
}

uint8_t* Map::Mapped(Napi::Env env) {
  Fd(env);
  if (const int error = MapMemory()) Throw(env, "mmap", error);
  return memory_;
}

// libbpf asks for no mapping of a section whose variables are all static; the kernel refuses one with a lock in it.
bool Map::IsMappable(Napi::Env env) {
  Fd(env);
  const int error = MapMemory();
  if (error != 0 && error != EINVAL && error != kNotSupported) Throw(env, "mmap", error);
  return error == 0;
}

// readMapped(offset, into: Uint8Array): copies live memory, or where it can't be mapped, what the kernel copies.
Napi::Value Map::ReadMapped(const Napi::CallbackInfo& info) {
  const int64_t offset = info[0].As<Napi::Number>();
  auto into = info[1].As<Napi::Uint8Array>();
  if (offset < 0 || static_cast<size_t>(offset) > info_.value_size ||
      info_.value_size - static_cast<size_t>(offset) < into.ByteLength())
    throw Napi::RangeError::New(info.Env(), "outside the map's value");
  if (IsMappable(info.Env())) {
    memcpy(into.Data(), Mapped(info.Env()) + offset, into.ByteLength());
    return into;
  }
  const uint32_t key = 0;
  std::vector<uint8_t> value(info_.value_size);
  RequireOneValue(info.Env());
  if (int error = bpf_map_lookup_elem(fd_, &key, value.data())) Throw(info.Env(), "bpf_map_lookup_elem", -error);
  memcpy(into.Data(), value.data() + offset, into.ByteLength());
  return into;
}

// writeMapped(offset, bytes: Uint8Array)
void Map::WriteMapped(const Napi::CallbackInfo& info) {
  const int64_t offset = info[0].As<Napi::Number>();
  auto bytes = info[1].As<Napi::Uint8Array>();
  if (IsReadOnly()) Throw(info.Env(), "mmap", EPERM);
  if (offset < 0 || static_cast<size_t>(offset) > info_.value_size ||
      info_.value_size - static_cast<size_t>(offset) < bytes.ByteLength())
    throw Napi::RangeError::New(info.Env(), "outside the map's value");
  memcpy(Mapped(info.Env()) + offset, bytes.Data(), bytes.ByteLength());
}

// readValue(): Uint8Array, the value of the first entry; also where memory can't be mapped (it holds a lock or a kptr).
Napi::Value Map::ReadValue(const Napi::CallbackInfo& info) {
  const uint32_t key = 0;
  auto value = Napi::Uint8Array::New(info.Env(), info_.value_size);
  RequireOneValue(info.Env());
  if (int error = bpf_map_lookup_elem(Fd(info.Env()), &key, value.Data()))
    Throw(info.Env(), "bpf_map_lookup_elem", -error);
  return value;
}

// writeValue(bytes: Uint8Array): replaces it; the kernel frees what kptrs and timers in it hold.
void Map::WriteValue(const Napi::CallbackInfo& info) {
  const uint32_t key = 0;
  auto value = info[0].As<Napi::Uint8Array>();
  RequireOneValue(info.Env());
  if (value.ByteLength() != info_.value_size) throw Napi::RangeError::New(info.Env(), "not as long as the map's value");
  if (int error = bpf_map_update_elem(Fd(info.Env()), &key, value.Data(), BPF_ANY))
    Throw(info.Env(), "bpf_map_update_elem", -error);
}

void Map::RequireOneValue(Napi::Env env) const {
  const bool isOne = info_.type == BPF_MAP_TYPE_ARRAY || info_.type == BPF_MAP_TYPE_STRUCT_OPS;
  if (!isOne || info_.max_entries != 1) throw Napi::TypeError::New(env, "not a section of global data");
}

// clear(): Promise<void>. Empties the map, as ClearMap says; a type that it doesn't know is -EOPNOTSUPP.
Napi::Value Map::Clear(const Napi::CallbackInfo& info) {
  // Its own, as the map may be closed meanwhile.
  const int fd = fcntl(Fd(info.Env()), F_DUPFD_CLOEXEC, 3);
  if (fd < 0) Throw(info.Env(), "fcntl", errno);
  return Task::Run(
      info.Env(), "clearing the map", info.This().As<Napi::Object>(),
      [shape = info_, fd] {
        const int error = ClearMap(fd, shape);
        close(fd);
        return error;
      },
      [](Napi::Env env, const std::vector<std::string>&) { return env.Undefined(); });
}

void Map::Close(const Napi::CallbackInfo&) { Release(); }

}  // namespace scxkit
