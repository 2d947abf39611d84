// SPDX-License-Identifier: MIT
#pragma once

#include <napi.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "shared_array.h"

namespace scxkit {

// Which parts of a value count, and how the values of all CPUs become one: each leaf is an integer of the value, its
// sum a u64 word. On request also the sums over groups of CPUs (a group may be one CPU).
//
// A counter of less than 64 bits wraps on each CPU by itself: its word is the sum of what each CPU's grew by since the
// first reading, in u64, so that it only grows. That holds while a CPU counts less than its range between two readings.
class Fold {
 public:
  // Where an integer stands in a value.
  struct Leaf {
    uint32_t offset;
    uint32_t size;
    bool isSigned;
  };

  // options: { leaves?: Uint32Array, gauges?: Uint32Array }. `leaves` has three numbers each: offset, size (1, 2, 4 or
  // 8), whether it is signed; without it every u64 of the value counts. `gauges` are words that may go down, of the
  // first `kinds` entries; with one, all entries are alike.
  void Configure(const Napi::Value& options, size_t valueSize, size_t cpus, size_t kinds);
  // Makes room for so many entries.
  void Hold(size_t entries);
  // From the next reading on, sums over groups as well: `groups` has a group's number for each CPU.
  void Group(const Napi::Value& groups);

  size_t Words() const { return words_; }
  Leaf LeafOf(size_t word) const;
  bool IsGauge(size_t entry, size_t word) const { return isGauge_[kinds_ == 1 ? word : entry * words_ + word]; }
  // A counter that wraps before its word does.
  bool IsNarrow(size_t entry, size_t word) const {
    return !leaves_.empty() && leaves_[word].size < sizeof(uint64_t) && !IsGauge(entry, word);
  }
  // Whether any is, so that each CPU of an entry takes memory of ours.
  bool HasNarrow() const { return hasNarrow_; }
  static uint64_t Load(const char* value, const Leaf& leaf);

  // What a CPU has in a word, by its value. Of a narrow counter it is what that grew by since the first reading.
  uint64_t At(size_t entry, size_t cpu, size_t word, const char* value);
  // Folds the values of one entry, those of its CPUs `stride` bytes apart. Each is read once, so that groups add up to
  // the sums while others count.
  void Entry(size_t entry, const char* values, size_t stride);
  // Before Entry(): whether all narrow counters that had counted went down on some CPU, by less than a wrap would look.
  bool HasFallen(size_t entry, const char* values, size_t stride) const;
  // Its narrow counters begin at zero.
  void Forget(size_t entry);
  // Empties what the groups have; before the first entry of a reading.
  void Begin();

  // sums[entry * words + word]; grouped[(group * entries + entry) * words + word], once there are groups.
  Napi::Value Sums(Napi::Env env) const { return ToArray<Napi::BigUint64Array>(env, sums_); }
  Napi::Value Grouped(Napi::Env env) const { return ToArray<Napi::BigUint64Array>(env, grouped_); }
  uint64_t* Sum(size_t entry) { return sums_->data() + entry * words_; }

 private:
  void ReadLeaves(const Napi::Value& leaves, size_t valueSize);
  void ReadGauges(const Napi::Value& gauges);
  uint64_t* Wide(size_t entry, size_t cpu) const { return wide_.get() + (entry * cpus_ + cpu) * words_; }

  std::vector<Leaf> leaves_;   // empty: all words are u64, one after the other
  std::vector<bool> isGauge_;  // [kind][word]
  size_t kinds_ = 1;
  bool hasNarrow_ = false;
  std::vector<uint32_t> groups_;
  size_t groupCount_ = 0;
  size_t words_ = 0;
  size_t cpus_ = 0;
  size_t entries_ = 0;
  Shared<uint64_t> sums_;
  Shared<uint64_t> grouped_;
  // [entry][cpu][word] of narrow counters, as they would be if they had 64 bits. Of calloc(), as of most slots of a
  // hash nothing is ever touched.
  std::unique_ptr<uint64_t, decltype(&free)> wide_{nullptr, free};
};

}  // namespace scxkit
