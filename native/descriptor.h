// SPDX-License-Identifier: MIT
#pragma once

#include <napi.h>
#include <unistd.h>

#include "failure.h"

namespace scxkit {

// A descriptor for the length of one call.
class Descriptor {
 public:
  Descriptor(Napi::Env env, const char* call, int fd) : fd_(fd) {
    if (fd < 0) Throw(env, call, -fd);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(fd_); }
  int Get() const { return fd_; }

 private:
  int fd_;
};

}  // namespace scxkit
