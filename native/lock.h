// SPDX-License-Identifier: MIT
#pragma once

#include <napi.h>

namespace scxkit {

// tryLock(fd: number): boolean: flock() for this one holder, until the descriptor is closed or the process ends; false
// when another holds it.
Napi::Value TryLock(const Napi::CallbackInfo& info);

}  // namespace scxkit
