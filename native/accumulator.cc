// SPDX-License-Identifier: MIT
#include "accumulator.h"

#include <algorithm>

namespace scxkit {

Napi::Function Accumulator::Define(Napi::Env env) {
  return DefineClass(
      env, "Accumulator",
      {InstanceMethod<&Accumulator::Advance>("advance"), InstanceMethod<&Accumulator::Rebase>("rebase")});
}

Accumulator::Accumulator(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  source_.Bind(info[0]);
  delta_.Bind(info[1]);
  total_.Bind(info[2]);
  if (delta_.Length() != source_.Length() || total_.Length() != source_.Length())
    throw Napi::RangeError::New(info.Env(), "the arrays differ in length");
  base_.resize(source_.Length());
}

// advance(): delta = source - base; total += delta; base = source.
void Accumulator::Advance(const Napi::CallbackInfo& info) {
  const uint64_t* source = source_.Data(info.Env());
  uint64_t* delta = delta_.Data(info.Env());
  uint64_t* total = total_.Data(info.Env());
  for (size_t i = 0; i < base_.size(); i++) {
    delta[i] = source[i] - base_[i];
    total[i] += delta[i];
    base_[i] = source[i];
  }
}

// rebase(): base = 0, for a source that starts again (a scheduler restarted); the total stays.
void Accumulator::Rebase(const Napi::CallbackInfo&) { std::fill(base_.begin(), base_.end(), 0); }

}  // namespace scxkit
