// SPDX-License-Identifier: MIT
#pragma once

#include <napi.h>

namespace scxkit {

// The classes of one environment (main thread or worker), so that native code can construct them.
struct Addon {
  Napi::FunctionReference object, map, program, link, kernelBtf;

  static Addon* Of(Napi::Env env) { return env.GetInstanceData<Addon>(); }
};

}  // namespace scxkit
