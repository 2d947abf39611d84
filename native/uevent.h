// SPDX-License-Identifier: MIT
#pragma once

#include <napi.h>

namespace scxkit {

class Watch;

// The kernel's uevents (netlink), which Node can't read: for each one whose device path starts with a prefix, a call
// with its text. The watch keeps the event loop alive until closed.
class Uevents : public Napi::ObjectWrap<Uevents> {
 public:
  static Napi::Function Define(Napi::Env env);
  // new Uevents(prefix: string, callback: (fields: string[]) => void)
  explicit Uevents(const Napi::CallbackInfo& info);
  ~Uevents() override;

 private:
  void Close(const Napi::CallbackInfo& info);
  void Stop();

  Watch* watch_ = nullptr;
};

}  // namespace scxkit
