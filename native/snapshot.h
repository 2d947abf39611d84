// SPDX-License-Identifier: MIT
#pragma once

#include <napi.h>

#include <memory>
#include <vector>

#include "map.h"

namespace scxkit {

// Reads a whole PERCPU_ARRAY of u64 words (integers, or structs of them) in one system call and sums it over CPUs into
// a bound array: sums[entry * words + word].
class Snapshot : public Napi::ObjectWrap<Snapshot> {
 public:
  static Napi::Function Define(Napi::Env env);
  // new Snapshot(map: Map): throws for another map type, or a value that is no whole number of words.
  // Its `sums` is the bound array, its `take` the function that fills it.
  explicit Snapshot(const Napi::CallbackInfo& info);

 private:
  static napi_value Take(napi_env env, napi_callback_info info);
  int Read(int fd);
  void Sum();

  Napi::Reference<Napi::Object> mapObject_;
  Map* map_ = nullptr;
  size_t cpus_ = 0;   // possible CPUs: the kernel lays out a value for each, online or not
  size_t words_ = 0;  // of one value
  size_t entries_ = 0;
  std::vector<uint64_t> values_;  // [entry][cpu][word]
  std::vector<uint32_t> keys_;
  // Shared with the ArrayBuffer, so that it stays valid for us whatever JavaScript does with the buffer.
  std::shared_ptr<std::vector<uint64_t>> sums_;
};

}  // namespace scxkit
