// SPDX-License-Identifier: MIT
#include "kernel_btf.h"

#include <cerrno>

#include "addon.h"
#include "task.h"

namespace scxkit {

Napi::Function KernelBtf::Define(Napi::Env env) {
  return DefineClass(env, "KernelBtf",
                     {
                         StaticMethod<&KernelBtf::Load>("load"),
                         InstanceMethod<&KernelBtf::Members>("members"),
                         InstanceMethod<&KernelBtf::Enumerators>("enumerators"),
                     });
}

KernelBtf::KernelBtf(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  if (info.Length() != 1 || !info[0].IsExternal()) throw Napi::TypeError::New(info.Env(), "use KernelBtf.load()");
  btf_ = *info[0].As<Napi::External<std::shared_ptr<btf>>>().Data();
}

// load(): Promise<KernelBtf>
Napi::Value KernelBtf::Load(const Napi::CallbackInfo& info) {
  auto result = std::make_shared<std::shared_ptr<btf>>();
  return Task::Run(
      info.Env(), "btf__load_vmlinux_btf", Napi::Object(),
      [result] {
        btf* types = btf__load_vmlinux_btf();
        if (types == nullptr) return -errno;
        result->reset(types, btf__free);
        return 0;
      },
      [result](Napi::Env env, const std::vector<std::string>&) -> Napi::Value {
        return Addon::Of(env)->kernelBtf.New({Napi::External<std::shared_ptr<btf>>::New(env, result.get())});
      });
}

// members(struct: string): string[] | undefined
Napi::Value KernelBtf::Members(const Napi::CallbackInfo& info) {
  const std::string name = info[0].As<Napi::String>();
  const int32_t id = btf__find_by_name_kind(btf_.get(), name.c_str(), BTF_KIND_STRUCT);
  if (id < 0) return info.Env().Undefined();
  const btf_type* type = btf__type_by_id(btf_.get(), static_cast<uint32_t>(id));
  auto list = Napi::Array::New(info.Env(), btf_vlen(type));
  for (uint32_t i = 0; i < btf_vlen(type); i++) {
    const char* member = btf__name_by_offset(btf_.get(), btf_members(type)[i].name_off);
    list[i] = Napi::String::New(info.Env(), member == nullptr ? "" : member);
  }
  return list;
}

// enumerators(enum: string): Record<string, bigint> | undefined
Napi::Value KernelBtf::Enumerators(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const std::string name = info[0].As<Napi::String>();
  auto result = Napi::Object::New(env);
  int32_t id = btf__find_by_name_kind(btf_.get(), name.c_str(), BTF_KIND_ENUM);
  if (id < 0) id = btf__find_by_name_kind(btf_.get(), name.c_str(), BTF_KIND_ENUM64);
  if (id < 0) return env.Undefined();
  const btf_type* type = btf__type_by_id(btf_.get(), static_cast<uint32_t>(id));
  for (uint32_t i = 0; i < btf_vlen(type); i++) {
    uint64_t value = 0;
    uint32_t label = 0;
    if (btf_is_enum64(type)) {
      value = btf_enum64_value(&btf_enum64(type)[i]);
      label = btf_enum64(type)[i].name_off;
    } else {
      value = static_cast<uint64_t>(static_cast<int64_t>(btf_enum(type)[i].val));
      label = btf_enum(type)[i].name_off;
    }
    const char* text = btf__name_by_offset(btf_.get(), label);
    if (text != nullptr) result.Set(text, Napi::BigInt::New(env, value));
  }
  return result;
}

}  // namespace scxkit
