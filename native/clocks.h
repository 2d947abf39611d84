// SPDX-License-Identifier: MIT
#pragma once

#include <napi.h>

#include <cstdint>

#include "words.h"

namespace scxkit {

// ns by CLOCK_MONOTONIC.
int64_t MonotonicNow();

// What time it is, into an array that is bound once: by process.hrtime and Date that takes several calls and numbers,
// and the latter has whole milliseconds only.
class Clocks : public Napi::ObjectWrap<Clocks> {
 public:
  static Napi::Function Define(Napi::Env env);
  // new Clocks(times: BigUint64Array), of two words. Its `read` is a function of its own: the ns by CLOCK_MONOTONIC,
  // and those since 1970 by CLOCK_REALTIME.
  explicit Clocks(const Napi::CallbackInfo& info);

 private:
  static napi_value Read(napi_env env, napi_callback_info info);

  Words times_;
};

}  // namespace scxkit
