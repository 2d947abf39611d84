// SPDX-License-Identifier: MIT
#pragma once

#include <napi.h>

#include <cstdlib>
#include <memory>

#include "fold.h"
#include "words.h"

namespace scxkit {

// What each CPU counts in the slots of a hash: the words that a slot has, once for each CPU, which only grow as the
// slot's own do. Memory is touched only where slots are in use.
class CpuCells {
 public:
  // Throws when there is no memory for them.
  CpuCells(Napi::Env env, size_t slots, size_t cpus, size_t words);
  // { words, starts, used }: words[(slot * cpus + cpu) * of a slot + word], what they were when the slot's key came,
  // and how many of them have ever been in use, as one word.
  Napi::Object Arrays() const { return arrays_.Value(); }
  // Before a reading: false, with an exception for JavaScript, when the arrays are gone.
  bool Bound(napi_env env);
  // Those of slots beyond these aren't kept.
  bool Holds(size_t slot) const { return slot < slots_; }
  // Another key has the slot.
  void Begin(size_t slot);
  // The slot's key is another one of the same name, whose words began at zero.
  void Forget(size_t slot);
  // Whether what some CPU counted in it went down, by the values that were read now.
  bool HasFallen(size_t slot, size_t word, Fold& fold, const char* values, size_t stride) const;
  // Takes over what was read. @param anew whether it began at zero
  void Take(size_t slot, size_t word, bool anew, Fold& fold, const char* values, size_t stride);

 private:
  size_t At(size_t slot, size_t cpu, size_t word) const { return (slot * cpus_ + cpu) * words_ + word; }

  size_t slots_, cpus_, words_;
  Words cells_, starts_, used_;
  Napi::Reference<Napi::Object> arrays_;
  uint64_t *cell_ = nullptr, *start_ = nullptr, *inUse_ = nullptr;  // for one reading
  std::unique_ptr<uint64_t, decltype(&free)> last_;
};

}  // namespace scxkit
