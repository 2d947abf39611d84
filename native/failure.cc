// SPDX-License-Identifier: MIT
#include "failure.h"

#include <cstring>

namespace scxkit {

Napi::Error Failure::ToError(Napi::Env env) const {
  auto value = Napi::Error::New(env, call + ": " + strerror(error));
  auto lines = Napi::Array::New(env, log.size());
  for (size_t i = 0; i < log.size(); i++) lines[i] = Napi::String::New(env, log[i]);
  value.Set("call", Napi::String::New(env, call));
  value.Set("errno", Napi::Number::New(env, error));
  value.Set("log", lines);
  return value;
}

void Throw(Napi::Env env, const char* call, int error) { throw Failure{call, error, {}}.ToError(env); }

}  // namespace scxkit
