// SPDX-License-Identifier: MIT
#include "kernel_ids.h"

#include <bpf/bpf.h>

#include <cerrno>
#include <cstdint>

#include "descriptor.h"
#include "failure.h"

namespace scxkit {
namespace {

// Those that @next goes through and @is agrees to.
template <typename Is>
Napi::Value Ids(Napi::Env env, const char* call, int (*next)(uint32_t, uint32_t*), Is is) {
  auto ids = Napi::Array::New(env);
  uint32_t id = 0;
  uint32_t count = 0;
  int error = 0;
  while ((error = next(id, &id)) == 0)
    if (is(id)) ids[count++] = Napi::Number::New(env, id);
  if (error != -ENOENT) Throw(env, call, -error);
  return ids;
}

}  // namespace

Napi::Value ProgramIds(const Napi::CallbackInfo& info) {
  return Ids(info.Env(), "bpf_prog_get_next_id", bpf_prog_get_next_id, [](uint32_t) { return true; });
}

Napi::Value StructOpsMaps(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  return Ids(env, "bpf_map_get_next_id", bpf_map_get_next_id, [env](uint32_t id) {
    LIBBPF_OPTS(bpf_get_fd_by_id_opts, options, .open_flags = BPF_F_RDONLY);  // more may be refused
    const int fd = bpf_map_get_fd_by_id_opts(id, &options);
    // It went in between, or isn't for us.
    if (fd == -ENOENT || fd == -EPERM || fd == -EACCES) return false;
    const Descriptor map(env, "bpf_map_get_fd_by_id", fd);
    bpf_map_info found{};
    uint32_t size = sizeof(found);
    if (const int error = bpf_map_get_info_by_fd(map.Get(), &found, &size))
      Throw(env, "bpf_map_get_info_by_fd", -error);
    return found.type == BPF_MAP_TYPE_STRUCT_OPS;
  });
}

}  // namespace scxkit
