// SPDX-License-Identifier: MIT
#include "snapshot.h"

#include <bpf/bpf.h>

#include <cerrno>
#include <cstring>

#include "failure.h"

namespace scxkit {

Napi::Function Snapshot::Define(Napi::Env env) { return DefineClass(env, "Snapshot", {}); }

Snapshot::Snapshot(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  Napi::Env env = info.Env();
  map_ = Map::From(info[0]);
  auto object = info[0].As<Napi::Object>();
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
  sums_ = std::make_shared<std::vector<uint64_t>>(entries_ * words_);

  using Share = std::shared_ptr<std::vector<uint64_t>>;
  auto buffer = Napi::ArrayBuffer::New(
      env, sums_->data(), sums_->size() * sizeof(uint64_t), [](Napi::Env, void*, Share* share) { delete share; },
      new Share(sums_));
  auto self = info.This().As<Napi::Object>();
  self.Set("sums", Napi::BigUint64Array::New(env, sums_->size(), buffer, 0));
  // A function bound to this snapshot costs a third of a method, which has to find its object first.
  napi_value take = nullptr;
  if (napi_create_function(env, "take", NAPI_AUTO_LENGTH, Take, this, &take) != napi_ok) throw Napi::Error::New(env);
  // Who holds the function holds what it reads into; hence for good.
  Napi::Object(env, take).DefineProperty(Napi::PropertyDescriptor::Value("snapshot", self, napi_default));
  self.Set("take", Napi::Value(env, take));
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

void Snapshot::Sum() {
  // All in locals: the compiler can't know that a store to a sum leaves the members alone.
  const size_t words = words_;
  const size_t cpus = cpus_;
  uint64_t* __restrict sums = sums_->data();
  const uint64_t* __restrict value = values_.data();
  for (size_t entry = 0; entry < entries_; entry++, sums += words, value += cpus * words) {
    memcpy(sums, value, words * sizeof(uint64_t));
    for (size_t cpu = 1; cpu < cpus; cpu++)
      for (size_t word = 0; word < words; word++) sums[word] += value[cpu * words + word];
  }
}

// take(): reads and sums. No allocation.
napi_value Snapshot::Take(napi_env env, napi_callback_info info) {
  void* data = nullptr;
  napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &data);
  auto* self = static_cast<Snapshot*>(data);
  const int fd = self->map_->OpenFd();
  const int error = fd < 0 ? -EBADF : self->Read(fd);
  if (error == 0) {
    self->Sum();
    return nullptr;
  }
  const char* call = self->entries_ == 1 ? "bpf_map_lookup_elem" : "bpf_map_lookup_batch";
  if (fd < 0) Napi::Error::New(env, "the map is closed").ThrowAsJavaScriptException();
  else Failure{call, -error, {}}.ToError(env).ThrowAsJavaScriptException();
  return nullptr;
}

}  // namespace scxkit
