// SPDX-License-Identifier: MIT
#include "clocks.h"

#include <ctime>

#include "bound.h"

namespace scxkit {

namespace {

int64_t Now(clockid_t clock) {
  timespec now{};
  static_cast<void>(clock_gettime(clock, &now));
  return now.tv_sec * int64_t{1'000'000'000} + now.tv_nsec;
}

}  // namespace

int64_t MonotonicNow() { return Now(CLOCK_MONOTONIC); }

Napi::Function Clocks::Define(Napi::Env env) { return DefineClass(env, "Clocks", {}); }

Clocks::Clocks(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  times_.Bind(info[0]);
  if (times_.Length() != 2) throw Napi::RangeError::New(info.Env(), "two clocks are two words");
  BindFunction(info.This().As<Napi::Object>(), "read", this, Read);
}

// read(): no allocation.
napi_value Clocks::Read(napi_env env, napi_callback_info info) {
  uint64_t* times = BoundTo<Clocks>(env, info)->times_.Data(env);
  if (times == nullptr) return nullptr;
  times[0] = static_cast<uint64_t>(MonotonicNow());
  times[1] = static_cast<uint64_t>(Now(CLOCK_REALTIME));
  return nullptr;
}

}  // namespace scxkit
