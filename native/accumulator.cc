// SPDX-License-Identifier: MIT
#include "accumulator.h"

#include <algorithm>
#include <new>

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
  length_ = source_.Length();
  base_.reset(static_cast<uint64_t*>(calloc(std::max<size_t>(length_, 1), sizeof(uint64_t))));
  if (!base_) throw std::bad_alloc();
  if (info[3].IsTypedArray()) {
    used_.emplace().Bind(info[3]);
    if (used_->Length() == 0) throw Napi::RangeError::New(info.Env(), "how many are used is one word");
  }
  BindFunction(info.This().As<Napi::Object>(), "advance", this, Advance);
}

// advance(): delta = source - base; total += delta; base = source.
napi_value Accumulator::Advance(napi_env env, napi_callback_info info) {
  auto* self = BoundTo<Accumulator>(env, info);
  const uint64_t* source = self->source_.Data(env);
  uint64_t* delta = source == nullptr ? nullptr : self->delta_.Data(env);
  uint64_t* total = delta == nullptr ? nullptr : self->total_.Data(env);
  if (total == nullptr) return nullptr;
  size_t length = self->length_;
  if (self->used_) {
    const uint64_t* used = self->used_->Data(env);
    if (used == nullptr) return nullptr;
    length = static_cast<size_t>(std::min<uint64_t>(*used, length));
  }
  uint64_t* base = self->base_.get();
  for (size_t i = 0; i < length; i++) {
    delta[i] = source[i] - base[i];
    total[i] += delta[i];
    base[i] = source[i];
  }
  return nullptr;
}

// rebase(): base = 0, for a source that starts again (a scheduler restarted); the total stays.
void Accumulator::Rebase(const Napi::CallbackInfo&) { std::fill_n(base_.get(), length_, 0); }

}  // namespace scxkit
