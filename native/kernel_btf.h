// SPDX-License-Identifier: MIT
#pragma once

#include <bpf/btf.h>
#include <napi.h>

#include <memory>

namespace scxkit {

// The running kernel's BTF (/sys/kernel/btf/vmlinux), parsed once.
class KernelBtf : public Napi::ObjectWrap<KernelBtf> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit KernelBtf(const Napi::CallbackInfo& info);

 private:
  static Napi::Value Load(const Napi::CallbackInfo& info);
  Napi::Value Members(const Napi::CallbackInfo& info);
  Napi::Value Enumerators(const Napi::CallbackInfo& info);

  std::shared_ptr<btf> btf_;
};

}  // namespace scxkit
