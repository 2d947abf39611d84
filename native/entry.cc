// SPDX-License-Identifier: MIT
// Single entries of a map.
#include <bpf/bpf.h>

#include <cerrno>

#include "failure.h"
#include "map.h"

namespace scxkit {

ValueLayout Map::Layout(Napi::Env env) const {
  ValueLayout layout;
  if (const int error = layout.Read(info_)) Throw(env, "libbpf_num_possible_cpus", -error);
  return layout;
}

const uint8_t* Map::KeyOf(const Napi::Value& value) const {
  auto key = value.As<Napi::Uint8Array>();
  if (key.ByteLength() != info_.key_size) throw Napi::RangeError::New(value.Env(), "not as long as the map's keys");
  return key.Data();
}

// lookup(key): Uint8Array | undefined, of a per-CPU map the values of all possible CPUs, each rounded up to 8 bytes.
Napi::Value Map::Lookup(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const int fd = Fd(env);
  auto value = Napi::Uint8Array::New(env, Layout(env).Bytes());
  const int error = bpf_map_lookup_elem(fd, KeyOf(info[0]), value.Data());
  if (error == -ENOENT) return env.Undefined();
  if (error != 0) Throw(env, "bpf_map_lookup_elem", -error);
  return value;
}

// update(key, value, flags): BPF_ANY, BPF_NOEXIST or BPF_EXIST.
void Map::Update(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const int fd = Fd(env);
  auto value = info[1].As<Napi::Uint8Array>();
  if (value.ByteLength() != Layout(env).Bytes()) throw Napi::RangeError::New(env, "not as long as the map's values");
  const uint64_t flags = info[2].As<Napi::Number>().Uint32Value();
  if (int error = bpf_map_update_elem(fd, KeyOf(info[0]), value.Data(), flags))
    Throw(env, "bpf_map_update_elem", -error);
}

// remove(key): boolean, whether it was there.
Napi::Value Map::Remove(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const int error = bpf_map_delete_elem(Fd(env), KeyOf(info[0]));
  if (error != 0 && error != -ENOENT) Throw(env, "bpf_map_delete_elem", -error);
  return Napi::Boolean::New(env, error == 0);
}

// nextKey(key?): Uint8Array | undefined, the first without one.
Napi::Value Map::NextKey(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const int fd = Fd(env);
  auto next = Napi::Uint8Array::New(env, info_.key_size);
  const int error = bpf_map_get_next_key(fd, info[0].IsUndefined() ? nullptr : KeyOf(info[0]), next.Data());
  if (error == -ENOENT) return env.Undefined();
  if (error != 0) Throw(env, "bpf_map_get_next_key", -error);
  return next;
}

}  // namespace scxkit
