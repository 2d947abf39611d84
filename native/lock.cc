// SPDX-License-Identifier: MIT
#include "lock.h"

#include <sys/file.h>

#include <cerrno>

#include "failure.h"

namespace scxkit {

Napi::Value TryLock(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const bool locked = flock(info[0].As<Napi::Number>().Int32Value(), LOCK_EX | LOCK_NB) == 0;
  if (!locked && errno != EWOULDBLOCK && errno != EINTR) Throw(env, "flock", errno);
  return Napi::Boolean::New(env, locked);
}

}  // namespace scxkit
