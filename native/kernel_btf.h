// SPDX-License-Identifier: MIT
#pragma once

#include <bpf/btf.h>
#include <napi.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

namespace scxkit {

// The running kernel's BTF. It has some 150,000 types, and three or four are asked for: so they are searched for where
// they lie, in a tenth of the time that libbpf takes to index them all.
class KernelBtf : public Napi::ObjectWrap<KernelBtf> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit KernelBtf(const Napi::CallbackInfo& info);

 private:
  struct Bytes;
  static Napi::Value Load(const Napi::CallbackInfo& info);
  Napi::Value Members(const Napi::CallbackInfo& info);
  Napi::Value Enumerators(const Napi::CallbackInfo& info);
  Napi::Value HasFunction(const Napi::CallbackInfo& info);

  // The type of that name and one of these kinds, or nullptr.
  const btf_type* Find(const std::string& name, std::initializer_list<uint32_t> kinds) const;
  const char* Text(uint32_t offset) const;

  std::shared_ptr<Bytes> bytes_;
  const btf_header* header_ = nullptr;
};

}  // namespace scxkit
