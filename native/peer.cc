// SPDX-License-Identifier: MIT
#include "peer.h"

#include <sys/socket.h>

#include <cerrno>
#include <vector>

#include "failure.h"

namespace scxkit {

Napi::Value PeerCredentials(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const int fd = info[0].As<Napi::Number>();
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) Throw(env, "getsockopt", errno);
  // Supplementary groups, as many as there are: asked with too little room, the kernel says how much it takes.
  std::vector<gid_t> groups(16);
  size = groups.size() * sizeof(gid_t);
  while (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) != 0) {
    if (errno != ERANGE) Throw(env, "getsockopt", errno);
    groups.resize(size / sizeof(gid_t));
  }
  groups.resize(size / sizeof(gid_t));
  auto list = Napi::Array::New(env, groups.size());
  for (uint32_t i = 0; i < groups.size(); i++) list[i] = Napi::Number::New(env, groups[i]);
  auto result = Napi::Object::New(env);
  result["pid"] = Napi::Number::New(env, peer.pid);
  result["uid"] = Napi::Number::New(env, peer.uid);
  result["gid"] = Napi::Number::New(env, peer.gid);
  result["groups"] = list;
  return result;
}

}  // namespace scxkit
