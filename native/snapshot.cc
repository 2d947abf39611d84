// SPDX-License-Identifier: MIT
#include "snapshot.h"

#include <bpf/bpf.h>

#include <cerrno>
#include <cstring>

#include "failure.h"

namespace scxkit {

Napi::Function Snapshot::Define(Napi::Env env) {
  return DefineClass(env, "Snapshot",
                     {
                         InstanceMethod<&Snapshot::Sums>("sums"),
                         InstanceMethod<&Snapshot::Cpus>("cpus"),
                         InstanceMethod<&Snapshot::Take>("take"),
                     });
}

Snapshot::Snapshot(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  Napi::Env env = info.Env();
  auto object = info[0].As<Napi::Object>();
  map_ = Map::Unwrap(object);
  const bpf_map_info& shape = map_->Info();
  map_->Fd(env);
  if (shape.type != BPF_MAP_TYPE_PERCPU_ARRAY || shape.value_size % sizeof(uint64_t) != 0 || shape.value_size == 0)
    throw Napi::TypeError::New(env, "not a PERCPU_ARRAY of u64 words");
  const int cpus = libbpf_num_possible_cpus();
  if (cpus < 0) Throw(env, "libbpf_num_possible_cpus", -cpus);
  mapObject_ = Napi::Persistent(object);
  cpus_ = static_cast<size_t>(cpus);
  words_ = shape.value_size / sizeof(uint64_t);
  entries_ = shape.max_entries;
  values_.resize(entries_ * cpus_ * words_);
  keys_.resize(entries_);
  sums_.Bind(Napi::BigUint64Array::New(env, entries_ * words_));
}

// sums(): BigUint64Array, the same one every time; take() fills it.
Napi::Value Snapshot::Sums(const Napi::CallbackInfo& info) { return sums_.Array(info.Env()); }

// cpus(): number of possible CPUs that each snapshot sums over.
Napi::Value Snapshot::Cpus(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(cpus_));
}

int Snapshot::Read(int fd) {
  if (entries_ == 1) {
    const uint32_t key = 0;
    return bpf_map_lookup_elem(fd, &key, values_.data());
  }
  uint32_t batch = 0;
  uint32_t count = static_cast<uint32_t>(entries_);
  const int error = bpf_map_lookup_batch(fd, nullptr, &batch, keys_.data(), values_.data(), &count, nullptr);
  if (error != 0 && error != -ENOENT) return error;
  return count == entries_ ? 0 : -EIO;
}

// take(): reads and sums. No allocation.
void Snapshot::Take(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  uint64_t* sums = sums_.Data(env);
  if (int error = Read(map_->Fd(env))) Throw(env, entries_ == 1 ? "bpf_map_lookup_elem" : "bpf_map_lookup_batch", -error);
  memset(sums, 0, entries_ * words_ * sizeof(uint64_t));
  const uint64_t* value = values_.data();
  for (size_t entry = 0; entry < entries_; entry++) {
    uint64_t* sum = sums + entry * words_;
    for (size_t cpu = 0; cpu < cpus_; cpu++, value += words_)
      for (size_t word = 0; word < words_; word++) sum[word] += value[word];
  }
}

}  // namespace scxkit
