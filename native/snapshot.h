// SPDX-License-Identifier: MIT
#pragma once

#include <napi.h>

#include <memory>
#include <optional>
#include <vector>

#include "fold.h"
#include "kernel_sum.h"
#include "map.h"
#include "zeroing.h"

namespace scxkit {

// Reads a whole array of integers or structs and folds it over CPUs into bound arrays, in one call: a PERCPU_ARRAY or
// ARRAY by one system call (what is large is summed in the kernel); rows of a section (u64 stats[cpu][N] in .bss) by
// none, if it can be mapped.
class Snapshot : public Napi::ObjectWrap<Snapshot> {
 public:
  static Napi::Function Define(Napi::Env env);
  // new Snapshot(map: Map, options?: Fold's, and { rows?: { offset, stride, count } } for a section): throws for
  // another map type, or options that leave its value. Its `sums` is the bound array, its `take` the function that
  // fills it; `mapped` says whether it does so without a system call.
  explicit Snapshot(const Napi::CallbackInfo& info);

 private:
  static napi_value Take(napi_env env, napi_callback_info info);
  Napi::Value Group(const Napi::CallbackInfo& info);
  void Zero(const Napi::CallbackInfo& info);
  void UseRows(const Napi::Object& rows, const Napi::Value& options);
  void UseArray(Napi::Env env, const Napi::Value& options);
  int Read(int fd);
  void FoldAll();
  // Whether that could be done; if not, it won't be tried again.
  bool SumInKernel();
  // Nothing is summed in the kernel from now on: makes room for what is read instead.
  void ReadHere();
  char* Values() { return (mapped_ ? reinterpret_cast<char*>(map_->OpenMemory()) : values_.data()) + offset_; }

  Napi::Reference<Napi::Object> mapObject_;
  Map* map_ = nullptr;
  Fold fold_;
  std::optional<Zeroing> zeroing_;
  std::shared_ptr<KernelSum> kernelSum_;  // while nobody asks for what each CPU has
  size_t entries_ = 1;
  size_t stride_ = 0;  // from one CPU's value to the next's
  size_t cpus_ = 1;    // possible CPUs: the kernel lays out a value for each, online or not
  bool mapped_ = false;
  size_t offset_ = 0;         // of the first row
  std::vector<char> values_;  // [entry][cpu], or a section, as the kernel copies them; empty while it sums them
  std::vector<uint32_t> keys_;
};

}  // namespace scxkit
