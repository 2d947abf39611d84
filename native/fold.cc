// SPDX-License-Identifier: MIT
#include "fold.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <numeric>

namespace scxkit {

namespace {

// Bits of a leaf of less than 64.
uint64_t MaskOf(const Fold::Leaf& leaf) { return ~uint64_t{0} >> (64 - 8 * leaf.size); }

}  // namespace

void Fold::Configure(const Napi::Value& options, size_t valueSize, size_t cpus, size_t kinds) {
  Napi::Env env = options.Env();
  cpus_ = cpus;
  kinds_ = kinds;
  words_ = valueSize / sizeof(uint64_t);
  const bool given = options.IsObject();
  ReadLeaves(given ? options.As<Napi::Object>().Get("leaves") : env.Undefined(), valueSize);
  if (leaves_.empty() && (valueSize == 0 || valueSize % sizeof(uint64_t) != 0))
    throw Napi::TypeError::New(env, "values that are not of u64 need leaves");
  isGauge_.resize(kinds_ * words_);
  ReadGauges(given ? options.As<Napi::Object>().Get("gauges") : env.Undefined());
  for (size_t kind = 0; kind < kinds_; kind++)
    for (size_t word = 0; word < words_; word++) hasNarrow_ = hasNarrow_ || IsNarrow(kind, word);
}

void Fold::Hold(size_t entries) {
  entries_ = entries;
  sums_ = std::make_shared<std::vector<uint64_t>>(entries * words_);
  grouped_ = std::make_shared<std::vector<uint64_t>>();
  if (!hasNarrow_) return;
  wide_.reset(static_cast<uint64_t*>(calloc(entries * cpus_ * words_, sizeof(uint64_t))));
  if (!wide_) throw std::bad_alloc();
}

void Fold::ReadLeaves(const Napi::Value& leaves, size_t valueSize) {
  if (leaves.IsUndefined()) return;
  auto numbers = leaves.As<Napi::Uint32Array>();
  if (numbers.ElementLength() == 0 || numbers.ElementLength() % 3 != 0)
    throw Napi::RangeError::New(leaves.Env(), "leaves have three numbers each");
  for (size_t i = 0; i < numbers.ElementLength(); i += 3) {
    const Leaf leaf{numbers[i], numbers[i + 1], numbers[i + 2] != 0};
    const bool isSize = leaf.size == 1 || leaf.size == 2 || leaf.size == 4 || leaf.size == 8;
    if (!isSize || leaf.size > valueSize || leaf.offset > valueSize - leaf.size)
      throw Napi::RangeError::New(leaves.Env(), "a leaf leaves its value");
    leaves_.push_back(leaf);
  }
  words_ = leaves_.size();
  // Leaves that are just the u64s of the value, one after the other, are read as such.
  bool plain = words_ * sizeof(uint64_t) == valueSize;
  for (size_t i = 0; i < words_; i++)
    plain = plain && leaves_[i].size == sizeof(uint64_t) && leaves_[i].offset == i * sizeof(uint64_t);
  if (plain) leaves_.clear();
}

void Fold::ReadGauges(const Napi::Value& gauges) {
  if (gauges.IsUndefined()) return;
  auto words = gauges.As<Napi::Uint32Array>();
  for (size_t i = 0; i < words.ElementLength(); i++) {
    if (words[i] >= isGauge_.size()) throw Napi::RangeError::New(gauges.Env(), "no such word");
    isGauge_[words[i]] = true;
  }
}

void Fold::Group(const Napi::Value& groups) {
  auto numbers = groups.As<Napi::Uint32Array>();
  if (numbers.ElementLength() != cpus_) throw Napi::RangeError::New(groups.Env(), "groups have a number for each CPU");
  std::vector<uint32_t> ofCpu;
  size_t count = 0;
  for (size_t cpu = 0; cpu < cpus_; cpu++) {
    if (numbers[cpu] >= cpus_) throw Napi::RangeError::New(groups.Env(), "there are no more groups than CPUs");
    ofCpu.push_back(numbers[cpu]);
    count = std::max<size_t>(count, numbers[cpu] + 1);
  }
  groups_ = ofCpu;
  groupCount_ = count;
  grouped_ = std::make_shared<std::vector<uint64_t>>(groupCount_ * entries_ * words_);
}

Fold::Leaf Fold::LeafOf(size_t word) const {
  return leaves_.empty() ? Leaf{static_cast<uint32_t>(word * sizeof(uint64_t)), sizeof(uint64_t), false}
                         : leaves_[word];
}

uint64_t Fold::Load(const char* value, const Leaf& leaf) {
  uint64_t word = 0;
  memcpy(&word, value + leaf.offset, leaf.size);  // x86-64 and arm64 are little-endian
  const unsigned unused = 64 - 8 * leaf.size;
  return leaf.isSigned ? static_cast<uint64_t>(static_cast<int64_t>(word << unused) >> unused) : word;
}

void Fold::Begin() { std::fill(grouped_->begin(), grouped_->end(), 0); }

namespace {

// sums = the words of all rows, which are `stride` bytes apart. Several rows at a time: each sum is stored and loaded
// that much less often, and no row waits for the one before.
void AddRows(uint64_t* __restrict sums, size_t words, const char* rows, size_t stride, size_t count) {
  if (words == 1 && stride == sizeof(uint64_t)) {
    const auto* values = reinterpret_cast<const uint64_t*>(rows);
    *sums = std::accumulate(values, values + count, uint64_t{0});
    return;
  }
  const auto row = [rows, stride](size_t i) { return reinterpret_cast<const uint64_t*>(rows + i * stride); };
  size_t i = 1;
  if (count == 1) {
    memcpy(sums, rows, words * sizeof(uint64_t));
  } else {
    const uint64_t *a = row(0), *b = row(1);
    for (size_t word = 0; word < words; word++) sums[word] = a[word] + b[word];
    i = 2;
  }
  for (; i + 4 <= count; i += 4) {
    const uint64_t *a = row(i), *b = row(i + 1), *c = row(i + 2), *d = row(i + 3);
    for (size_t word = 0; word < words; word++) sums[word] += a[word] + b[word] + c[word] + d[word];
  }
  for (; i < count; i++) {
    const uint64_t* a = row(i);
    for (size_t word = 0; word < words; word++) sums[word] += a[word];
  }
}

}  // namespace

uint64_t Fold::At(size_t entry, size_t cpu, size_t word, const char* value) {
  const Leaf leaf = LeafOf(word);
  const uint64_t now = Load(value, leaf);
  if (!wide_ || !IsNarrow(entry, word)) return now;
  uint64_t& wide = Wide(entry, cpu)[word];
  wide += (now - wide) & MaskOf(leaf);
  return wide;
}

void Fold::Entry(size_t entry, const char* values, size_t stride) {
  const size_t words = words_;
  uint64_t* __restrict sums = sums_->data() + entry * words;
  if (!groups_.empty()) {
    for (size_t cpu = 0; cpu < groups_.size(); cpu++) {
      uint64_t* grouped = grouped_->data() + (groups_[cpu] * entries_ + entry) * words;
      for (size_t word = 0; word < words; word++) grouped[word] += At(entry, cpu, word, values + cpu * stride);
    }
    // Not of the values once more, which may be memory in which others count: the sums are those of the groups.
    const auto* groups = reinterpret_cast<const char*>(grouped_->data() + entry * words);
    AddRows(sums, words, groups, entries_ * words * sizeof(uint64_t), groupCount_);
  } else if (leaves_.empty()) {
    AddRows(sums, words, values, stride, cpus_);
  } else {
    std::fill(sums, sums + words, 0);
    for (size_t cpu = 0; cpu < cpus_; cpu++)
      for (size_t word = 0; word < words; word++) sums[word] += At(entry, cpu, word, values + cpu * stride);
  }
}

bool Fold::HasFallen(size_t entry, const char* values, size_t stride) const {
  bool any = false;
  for (size_t word = 0; word < words_; word++) {
    if (!IsNarrow(entry, word)) continue;
    const uint64_t mask = MaskOf(leaves_[word]);
    bool counted = false, fell = false;
    for (size_t cpu = 0; cpu < cpus_; cpu++) {
      const uint64_t before = Wide(entry, cpu)[word] & mask;
      const uint64_t now = Load(values + cpu * stride, leaves_[word]) & mask;
      counted = counted || before != 0;
      fell = fell || (now < before && before - now <= mask / 2);
    }
    if (counted && !fell) return false;
    any = any || fell;
  }
  return any;
}

void Fold::Forget(size_t entry) {
  if (wide_) std::fill_n(Wide(entry, 0), cpus_ * words_, 0);
}

}  // namespace scxkit
