// SPDX-License-Identifier: MIT
#include "fold.h"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace scxkit {

void Fold::Configure(const Napi::Value& options, size_t valueSize, size_t cpus, size_t entries) {
  Napi::Env env = options.Env();
  cpus_ = cpus;
  entries_ = entries;
  words_ = valueSize / sizeof(uint64_t);
  if (options.IsObject()) {
    auto object = options.As<Napi::Object>();
    ReadLeaves(object.Get("leaves"), valueSize);
    ReadGroups(object.Get("groups"), cpus);
  }
  if (leaves_.empty() && (valueSize == 0 || valueSize % sizeof(uint64_t) != 0))
    throw Napi::TypeError::New(env, "values that are not of u64 need leaves");
  sums_ = std::make_shared<std::vector<uint64_t>>(entries * words_);
  grouped_ = std::make_shared<std::vector<uint64_t>>(groupCount_ * entries * words_);
}

size_t Fold::WordsOf(const Napi::Value& options, size_t valueSize) {
  const Napi::Value leaves = options.IsObject() ? options.As<Napi::Object>().Get("leaves") : options.Env().Undefined();
  return leaves.IsTypedArray() ? leaves.As<Napi::TypedArray>().ElementLength() / 3 : valueSize / sizeof(uint64_t);
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

void Fold::ReadGroups(const Napi::Value& groups, size_t cpus) {
  if (groups.IsUndefined()) return;
  auto numbers = groups.As<Napi::Uint32Array>();
  if (numbers.ElementLength() != cpus) throw Napi::RangeError::New(groups.Env(), "groups have a number for each CPU");
  for (size_t cpu = 0; cpu < cpus; cpu++) {
    if (numbers[cpu] >= cpus) throw Napi::RangeError::New(groups.Env(), "there are no more groups than CPUs");
    groups_.push_back(numbers[cpu]);
    groupCount_ = std::max<size_t>(groupCount_, numbers[cpu] + 1);
  }
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

void Fold::Entry(size_t entry, const char* values, size_t stride) {
  const size_t words = words_;
  uint64_t* __restrict sums = sums_->data() + entry * words;
  if (leaves_.empty()) {
    AddRows(sums, words, values, stride, cpus_);
  } else {
    std::fill(sums, sums + words, 0);
    for (size_t cpu = 0; cpu < cpus_; cpu++)
      for (size_t word = 0; word < words; word++) sums[word] += Load(values + cpu * stride, leaves_[word]);
  }
  for (size_t cpu = 0; cpu < groups_.size(); cpu++) {
    uint64_t* grouped = grouped_->data() + (groups_[cpu] * entries_ + entry) * words;
    const char* value = values + cpu * stride;
    for (size_t word = 0; word < words; word++) grouped[word] += Load(value, LeafOf(word));
  }
}

Napi::Value Fold::Grouped(Napi::Env env) const {
  return groupCount_ == 0 ? env.Undefined() : ToArray<Napi::BigUint64Array>(env, grouped_);
}

}  // namespace scxkit
