// SPDX-License-Identifier: MIT
#include "link.h"

#include <utility>

#include "addon.h"
#include "task.h"

namespace scxkit {

Napi::Function Link::Define(Napi::Env env) {
  return DefineClass(env, "Link", {InstanceMethod<&Link::Detach>("detach")});
}

Napi::Value Link::Create(Napi::Env env, bpf_link* link, std::shared_ptr<bpf_object> object) {
  Held held{link, std::move(object)};
  return Addon::Of(env)->link.New({Napi::External<Held>::New(env, &held)});
}

Link::Link(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  if (info.Length() != 1 || !info[0].IsExternal()) throw Napi::TypeError::New(info.Env(), "use Object.attach()");
  held_ = *info[0].As<Napi::External<Held>>().Data();
}

Link::~Link() {
  if (held_.link != nullptr) bpf_link__destroy(held_.link);
}

// detach(): Promise<void>, idempotent; resolves when the kernel has its own scheduler back.
Napi::Value Link::Detach(const Napi::CallbackInfo& info) {
  auto held = std::make_shared<Held>(std::exchange(held_, Held{}));
  return Task::Run(
      info.Env(), "bpf_link__destroy", info.This().As<Napi::Object>(),
      [held] { return held->link == nullptr ? 0 : bpf_link__destroy(held->link); },
      [](Napi::Env env, const std::vector<std::string>&) { return env.Undefined(); });
}

}  // namespace scxkit
