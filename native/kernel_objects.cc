// SPDX-License-Identifier: MIT
#include "kernel_objects.h"

#include <bpf/bpf.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

#include "descriptor.h"
#include "failure.h"

namespace scxkit {
namespace {

// bpf_link_info.struct_ops.map_id, the first of its union; headers from before 6.4 have no name for it.
uint32_t StructOpsMap(const bpf_link_info& info) {
  uint32_t id = 0;
  memcpy(&id, &info.raw_tracepoint, sizeof(id));
  return id;
}

// A pin says by no call what it is a pin of: asked as a map, a program answers with its own id. The name of its file in
// /proc tells: anon_inode:bpf-map, bpf-prog, bpf-link or bpf_link.
bool Is(const char* kind, int fd) {
  char name[64] = {};
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  return readlink(path.c_str(), name, sizeof(name) - 1) > 0 && std::string(name).find(kind) != std::string::npos;
}

}  // namespace

Napi::Value StructOpsLinks(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  auto maps = Napi::Array::New(env);
  uint32_t id = 0;
  uint32_t count = 0;
  int error = 0;
  while ((error = bpf_link_get_next_id(id, &id)) == 0) {
    const int fd = bpf_link_get_fd_by_id(id);
    if (fd == -ENOENT || fd == -EAGAIN) continue;  // it went in between, or isn't whole yet
    const Descriptor link(env, "bpf_link_get_fd_by_id", fd);
    bpf_link_info found{};
    uint32_t size = sizeof(found);
    if (const int failed = bpf_link_get_info_by_fd(link.Get(), &found, &size))
      Throw(env, "bpf_link_get_info_by_fd", -failed);
    if (found.type == BPF_LINK_TYPE_STRUCT_OPS) maps[count++] = Napi::Number::New(env, StructOpsMap(found));
  }
  if (error != -ENOENT) Throw(env, "bpf_link_get_next_id", -error);
  return maps;
}

// pinnedMap(path): the id of the pinned map, or of the struct_ops map whose link is pinned.
Napi::Value PinnedMap(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const std::string path = info[0].As<Napi::String>();
  LIBBPF_OPTS(bpf_obj_get_opts, options, .file_flags = BPF_F_RDONLY);
  int fd = bpf_obj_get_opts(path.c_str(), &options);
  if (fd == -EINVAL) fd = bpf_obj_get(path.c_str());  // a link can't be opened for reading alone
  const Descriptor pinned(env, "bpf_obj_get", fd);
  if (!Is("link", pinned.Get())) {
    if (!Is("map", pinned.Get())) Throw(env, "bpf_obj_get", EINVAL);
    bpf_map_info found{};
    uint32_t size = sizeof(found);
    if (const int error = bpf_map_get_info_by_fd(pinned.Get(), &found, &size))
      Throw(env, "bpf_map_get_info_by_fd", -error);
    return Napi::Number::New(env, found.id);
  }
  bpf_link_info found{};
  uint32_t size = sizeof(found);
  if (const int error = bpf_link_get_info_by_fd(pinned.Get(), &found, &size))
    Throw(env, "bpf_link_get_info_by_fd", -error);
  if (found.type != BPF_LINK_TYPE_STRUCT_OPS) Throw(env, "bpf_link_get_info_by_fd", EINVAL);
  return Napi::Number::New(env, StructOpsMap(found));
}

Napi::Value ProgramById(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const Descriptor program(env, "bpf_prog_get_fd_by_id", bpf_prog_get_fd_by_id(info[0].As<Napi::Number>()));
  bpf_prog_info found{};
  uint32_t size = sizeof(found);
  if (const int error = bpf_prog_get_info_by_fd(program.Get(), &found, &size))
    Throw(env, "bpf_prog_get_info_by_fd", -error);
  std::vector<uint32_t> ids(found.nr_map_ids);
  bpf_prog_info again{};
  again.nr_map_ids = static_cast<uint32_t>(ids.size());
  again.map_ids = reinterpret_cast<uintptr_t>(ids.data());
  size = sizeof(again);
  if (const int error = bpf_prog_get_info_by_fd(program.Get(), &again, &size))
    Throw(env, "bpf_prog_get_info_by_fd", -error);
  auto maps = Napi::Array::New(env, ids.size());
  for (size_t i = 0; i < ids.size(); i++) maps[i] = Napi::Number::New(env, ids[i]);
  auto result = Napi::Object::New(env);
  result.Set("name", Napi::String::New(env, again.name));
  result.Set("maps", maps);
  result.Set("btfId", Napi::Number::New(env, again.btf_id));
  result.Set("type", Napi::Number::New(env, again.type));
  timespec now{};
  // As the kernel takes the load time.
  if (clock_gettime(CLOCK_BOOTTIME, &now) != 0) Throw(env, "clock_gettime", errno);
  const uint64_t age =
      static_cast<uint64_t>(now.tv_sec) * 1000000000 + static_cast<uint64_t>(now.tv_nsec) - again.load_time;
  result.Set("age", Napi::BigInt::New(env, age));
  return result;
}

Napi::Value BtfById(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const Descriptor btf(env, "bpf_btf_get_fd_by_id", bpf_btf_get_fd_by_id(info[0].As<Napi::Number>()));
  bpf_btf_info found{};
  uint32_t size = sizeof(found);
  if (const int error = bpf_btf_get_info_by_fd(btf.Get(), &found, &size)) Throw(env, "bpf_btf_get_info_by_fd", -error);
  auto bytes = Napi::Uint8Array::New(env, found.btf_size);
  bpf_btf_info again{};
  again.btf = reinterpret_cast<uintptr_t>(bytes.Data());
  again.btf_size = found.btf_size;
  size = sizeof(again);
  if (const int error = bpf_btf_get_info_by_fd(btf.Get(), &again, &size)) Throw(env, "bpf_btf_get_info_by_fd", -error);
  return bytes;
}

}  // namespace scxkit
