// SPDX-License-Identifier: MIT
#pragma once

#include <napi.h>

namespace scxkit {

// Gives `self` a function of that name that is bound to the native object behind it: a third of the cost of a method,
// which has to find its object first. It may not throw but as N-API does.
inline void BindFunction(Napi::Object self, const char* name, void* native, napi_callback callback) {
  Napi::Env env = self.Env();
  napi_value bound = nullptr;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, native, &bound) != napi_ok)
    throw Napi::Error::New(env);
  // Who holds the function holds what it works on; hence for good.
  Napi::Object(env, bound).DefineProperty(Napi::PropertyDescriptor::Value("owner", self, napi_default));
  self.Set(name, Napi::Value(env, bound));
}

// The native object that such a function is bound to.
template <typename Native>
Native* BoundTo(napi_env env, napi_callback_info info) {
  void* data = nullptr;
  napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &data);
  return static_cast<Native*>(data);
}

}  // namespace scxkit
