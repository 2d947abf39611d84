// SPDX-License-Identifier: MIT
#pragma once

#include <napi.h>

#include <vector>

#include "map.h"
#include "words.h"

namespace scxkit {

// Reads a whole PERCPU_ARRAY of u64 words (integers, or structs of them) in one system call and sums it over CPUs into
// a bound array: sums[entry * words + word].
class Snapshot : public Napi::ObjectWrap<Snapshot> {
 public:
  static Napi::Function Define(Napi::Env env);
  // new Snapshot(map: Map): throws for another map type, or a value that is no whole number of words.
  explicit Snapshot(const Napi::CallbackInfo& info);

 private:
  Napi::Value Sums(const Napi::CallbackInfo& info);
  Napi::Value Cpus(const Napi::CallbackInfo& info);
  void Take(const Napi::CallbackInfo& info);
  int Read(int fd);

  Napi::Reference<Napi::Object> mapObject_;
  Map* map_ = nullptr;
  size_t cpus_ = 0;     // possible CPUs: the kernel lays out a value for each, online or not
  size_t words_ = 0;    // of one value
  size_t entries_ = 0;
  std::vector<uint64_t> values_;  // [entry][cpu][word]
  std::vector<uint32_t> keys_;
  Words sums_;
};

}  // namespace scxkit
