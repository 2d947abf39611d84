// SPDX-License-Identifier: MIT
#include "kernel_ids.h"

#include <bpf/bpf.h>

#include <cerrno>
#include <cstdint>

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

}  // namespace scxkit
