// SPDX-License-Identifier: MIT
#pragma once

#include <napi.h>

namespace scxkit {

// A loaded program, through a descriptor of its own.
class Program : public Napi::ObjectWrap<Program> {
 public:
  static Napi::Function Define(Napi::Env env);
  static Napi::Value Create(Napi::Env env, int fd);
  explicit Program(const Napi::CallbackInfo& info);
  ~Program() override;

 private:
  Napi::Value Run(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  int fd_ = -1;
};

}  // namespace scxkit
