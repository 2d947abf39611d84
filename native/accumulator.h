// SPDX-License-Identifier: MIT
#pragma once

#include <napi.h>

#include "words.h"

namespace scxkit {

// One consumer's counters over a bound source: what each word grew by since this consumer's last look, and the total of
// all that. Arithmetic is modulo 2^64, so a counter that wraps still gives the right delta.
class Accumulator : public Napi::ObjectWrap<Accumulator> {
 public:
  static Napi::Function Define(Napi::Env env);
  // new Accumulator(source: BigUint64Array, delta: BigUint64Array, total: BigUint64Array), all of one length.
  // Its `advance` is a function of its own, for each tick.
  explicit Accumulator(const Napi::CallbackInfo& info);

 private:
  static napi_value Advance(napi_env env, napi_callback_info info);
  void Rebase(const Napi::CallbackInfo& info);

  Words source_, delta_, total_;
  std::vector<uint64_t> base_;
};

}  // namespace scxkit
