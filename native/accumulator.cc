// SPDX-License-Identifier: MIT
#include "accumulator.h"

#include <algorithm>

#include "bound.h"

namespace scxkit {

Napi::Function Accumulator::Define(Napi::Env env) {
  return DefineClass(env, "Accumulator", {InstanceMethod<&Accumulator::Rebase>("rebase")});
}

Accumulator::Accumulator(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  source_.Bind(info[0]);
  delta_.Bind(info[1]);
  total_.Bind(info[2]);
  if (delta_.Length() != source_.Length() || total_.Length() != source_.Length())
    throw Napi::RangeError::New(info.Env(), "the arrays differ in length");
  base_.resize(source_.Length());
  BindFunction(info.This().As<Napi::Object>(), "advance", this, Advance);
}

// advance(): delta = source - base; total += delta; base = source.
napi_value Accumulator::Advance(napi_env env, napi_callback_info info) {
  auto* self = BoundTo<Accumulator>(env, info);
  const uint64_t* source = self->source_.Data(env);
  uint64_t* delta = source == nullptr ? nullptr : self->delta_.Data(env);
  uint64_t* total = delta == nullptr ? nullptr : self->total_.Data(env);
  if (total == nullptr) return nullptr;
  uint64_t* base = self->base_.data();
  for (size_t i = 0; i < self->base_.size(); i++) {
    delta[i] = source[i] - base[i];
    total[i] += delta[i];
    base[i] = source[i];
  }
  return nullptr;
}

// rebase(): base = 0, for a source that starts again (a scheduler restarted); the total stays.
void Accumulator::Rebase(const Napi::CallbackInfo&) { std::fill(base_.begin(), base_.end(), 0); }

}  // namespace scxkit
