// SPDX-License-Identifier: MIT
#include "cpu_cells.h"

#include <algorithm>
#include <new>

namespace scxkit {

CpuCells::CpuCells(Napi::Env env, size_t slots, size_t cpus, size_t words)
    : slots_(slots),
      cpus_(cpus),
      words_(words),
      last_(static_cast<uint64_t*>(calloc(slots * cpus * words, sizeof(uint64_t))), free) {
  if (!last_) throw std::bad_alloc();
  // JavaScript's own, whose zeros take no memory until they are written to.
  auto arrays = Napi::Object::New(env);
  const auto add = [&](const char* name, Words& bound, size_t length) {
    auto array = Napi::BigUint64Array::New(env, length);
    bound.Bind(array);
    arrays.Set(name, array);
  };
  add("words", cells_, slots * cpus * words);
  add("starts", starts_, slots * cpus * words);
  add("used", used_, 1);
  arrays_ = Napi::Persistent(arrays);
}

bool CpuCells::Bound(napi_env env) {
  cell_ = cells_.Data(env);
  start_ = cell_ == nullptr ? nullptr : starts_.Data(env);
  inUse_ = start_ == nullptr ? nullptr : used_.Data(env);
  return inUse_ != nullptr;
}

void CpuCells::Begin(size_t slot) {
  const size_t first = At(slot, 0, 0);
  std::copy_n(cell_ + first, cpus_ * words_, start_ + first);
  Forget(slot);
}

void CpuCells::Forget(size_t slot) { std::fill_n(last_.get() + At(slot, 0, 0), cpus_ * words_, 0); }

bool CpuCells::HasFallen(size_t slot, size_t word, Fold& fold, const char* values, size_t stride) const {
  for (size_t cpu = 0; cpu < cpus_; cpu++)
    if (fold.At(slot, cpu, word, values + cpu * stride) < last_.get()[At(slot, cpu, word)]) return true;
  return false;
}

void CpuCells::Take(size_t slot, size_t word, bool anew, Fold& fold, const char* values, size_t stride) {
  for (size_t cpu = 0; cpu < cpus_; cpu++) {
    const size_t at = At(slot, cpu, word);
    const uint64_t now = fold.At(slot, cpu, word, values + cpu * stride);
    uint64_t& last = last_.get()[at];
    cell_[at] = fold.IsGauge(slot, word) ? now : cell_[at] + now - (anew ? 0 : last);
    last = now;
  }
  *inUse_ = std::max<uint64_t>(*inUse_, At(slot + 1, 0, 0));
}

}  // namespace scxkit
