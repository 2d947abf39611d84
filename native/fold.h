// SPDX-License-Identifier: MIT
#pragma once

#include <napi.h>

#include <cstdint>
#include <vector>

#include "shared_array.h"

namespace scxkit {

// Which parts of a value count, and how the values of all CPUs become one: each leaf is an integer of the value, its
// sum a u64 word. On request also the sums over groups of CPUs (a group may be one CPU).
class Fold {
 public:
  // Where an integer stands in a value.
  struct Leaf {
    uint32_t offset;
    uint32_t size;
    bool isSigned;
  };

  // options: { leaves?: Uint32Array, groups?: Uint32Array }. `leaves` has three numbers each: offset, size (1, 2, 4 or
  // 8), whether it is signed; without it every u64 of the value counts. `groups` has a group's number for each CPU.
  void Configure(const Napi::Value& options, size_t valueSize, size_t cpus, size_t entries);

  // How many words each entry will have.
  static size_t WordsOf(const Napi::Value& options, size_t valueSize);
  size_t Words() const { return words_; }
  Leaf LeafOf(size_t word) const;
  static uint64_t Load(const char* value, const Leaf& leaf);

  // Folds the values of one entry, those of its CPUs `stride` bytes apart.
  void Entry(size_t entry, const char* values, size_t stride);
  // Empties what the groups have; before the first entry of a reading.
  void Begin();

  // sums[entry * words + word]; grouped[(group * entries + entry) * words + word], undefined without groups.
  Napi::Value Sums(Napi::Env env) const { return ToArray<Napi::BigUint64Array>(env, sums_); }
  Napi::Value Grouped(Napi::Env env) const;
  uint64_t* Sum(size_t entry) { return sums_->data() + entry * words_; }

 private:
  void ReadLeaves(const Napi::Value& leaves, size_t valueSize);
  void ReadGroups(const Napi::Value& groups, size_t cpus);

  std::vector<Leaf> leaves_;  // empty: all words are u64, one after the other
  std::vector<uint32_t> groups_;
  size_t groupCount_ = 0;
  size_t words_ = 0;
  size_t cpus_ = 0;
  size_t entries_ = 0;
  Shared<uint64_t> sums_;
  Shared<uint64_t> grouped_;
};

}  // namespace scxkit
