// SPDX-License-Identifier: MIT
#pragma once

#include <napi.h>

#include <string>
#include <vector>

namespace scxkit {

// The kernel's own errno for "not supported", which libc doesn't know (include/linux/errno.h).
constexpr int kNotSupported = 524;

// A failed call: which one, its positive errno, and what libbpf said meanwhile. TypeScript makes an ScxError of it;
// what to tell the user is decided there.
struct Failure {
  std::string call;
  int error = 0;
  std::vector<std::string> log;

  Napi::Error ToError(Napi::Env env) const;
};

// Throws a Failure as a JavaScript Error with `call`, `errno` and `log`.
[[noreturn]] void Throw(Napi::Env env, const char* call, int error);

}  // namespace scxkit
