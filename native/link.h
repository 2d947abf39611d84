// SPDX-License-Identifier: MIT
#pragma once

#include <bpf/libbpf.h>
#include <napi.h>

#include <memory>

namespace scxkit {

// An attached struct_ops. The kernel keeps the scheduler as long as the link's descriptor is open: closing it, the
// process's end included, gives the kernel its own scheduler back.
class Link : public Napi::ObjectWrap<Link> {
 public:
  static Napi::Function Define(Napi::Env env);
  static Napi::Value Create(Napi::Env env, bpf_link* link, std::shared_ptr<bpf_object> object);
  explicit Link(const Napi::CallbackInfo& info);
  ~Link() override;

 private:
  Napi::Value Detach(const Napi::CallbackInfo& info);

  struct Held {
    bpf_link* link;
    std::shared_ptr<bpf_object> object;  // libbpf's link points into the object's map
  };
  Held held_{};
};

}  // namespace scxkit
