// SPDX-License-Identifier: MIT
#include "link.h"

#include <utility>

#include "addon.h"
#include "task.h"

namespace scxkit {

Napi::Function Link::Define(Napi::Env env) {
  return DefineClass(env, "Link", {InstanceMethod<&Link::Detach>("detach")});
}

Napi::Value Link::Create(Napi::Env env, Held held) {
  return Addon::Of(env)->link.New({Napi::External<Held>::New(env, &held)});
}

Link::Link(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  if (info.Length() != 1 || !info[0].IsExternal()) throw Napi::TypeError::New(info.Env(), "use Object.attach()");
  held_ = *info[0].As<Napi::External<Held>>().Data();
}

// detach(): Promise<void>. Resolves when the kernel has its own scheduler back; again at once when called again.
Napi::Value Link::Detach(const Napi::CallbackInfo& info) {
  auto held = std::make_shared<Held>(std::exchange(held_, Held{}));
  return Task::Run(
      info.Env(), "bpf_link__destroy", info.This().As<Napi::Object>(),
      [held] {
        held->link.reset();
        return 0;
      },
      [](Napi::Env env, const std::vector<std::string>&) { return env.Undefined(); });
}

}  // namespace scxkit
