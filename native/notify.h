// SPDX-License-Identifier: MIT
#pragma once

#include <napi.h>

namespace scxkit {

// notify(socket: string, message: string): one datagram to a service manager's socket, as sd_notify(3) sends it; "@"
// begins an abstract name.
void Notify(const Napi::CallbackInfo& info);

}  // namespace scxkit
