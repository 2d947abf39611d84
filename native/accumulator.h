// SPDX-License-Identifier: MIT
#pragma once

#include <napi.h>

#include <cstdlib>
#include <memory>
#include <optional>

#include "words.h"

namespace scxkit {

// One consumer's counters over a bound source: what each word grew by since this consumer's last look, and the total of
// all that. Arithmetic is modulo 2^64, so a counter that wraps still gives the right delta.
class Accumulator : public Napi::ObjectWrap<Accumulator> {
 public:
  static Napi::Function Define(Napi::Env env);
  // new Accumulator(source: BigUint64Array, delta: BigUint64Array, total: BigUint64Array), all of one length.
  // Its `advance` is a function of its own, for each tick. `used`, a fourth array, has one word: how many words of the
  // source may differ from 0 by then; it may only grow.
  explicit Accumulator(const Napi::CallbackInfo& info);

 private:
  static napi_value Advance(napi_env env, napi_callback_info info);
  void Rebase(const Napi::CallbackInfo& info);

  Words source_, delta_, total_;
  std::optional<Words> used_;
  size_t length_ = 0;
  std::unique_ptr<uint64_t, decltype(&free)> base_{nullptr, free};  // touched where words are used
};

}  // namespace scxkit
