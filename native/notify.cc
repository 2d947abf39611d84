// SPDX-License-Identifier: MIT
#include "notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <string>

#include "failure.h"

namespace scxkit {

void Notify(const Napi::CallbackInfo& info) {
  const std::string name = info[0].As<Napi::String>();
  const std::string message = info[1].As<Napi::String>();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name.empty() || name.size() > sizeof(address.sun_path)) Throw(info.Env(), "notify", ENAMETOOLONG);
  std::copy(name.begin(), name.end(), address.sun_path);
  if (name[0] == '@') address.sun_path[0] = '\0';
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) Throw(info.Env(), "socket", errno);
  // An abstract name is as long as it is; a path may fill the field, too.
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  const ssize_t sent =
      sendto(fd, message.data(), message.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), length);
  const int error = errno;
  close(fd);
  if (sent < 0) Throw(info.Env(), "sendto", error);
}

}  // namespace scxkit
