// SPDX-License-Identifier: MIT
#pragma once

#include <napi.h>

namespace scxkit {

// peerCredentials(fd: number): who is at the other end of a connected UNIX socket, as { pid, uid, gid, groups }; for
// the connecting side that is whoever called listen().
Napi::Value PeerCredentials(const Napi::CallbackInfo& info);

}  // namespace scxkit
