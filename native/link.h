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
  // Destroying the last copy detaches.
  struct Held {
    std::shared_ptr<bpf_object> object;  // libbpf's link points into the object's map
    std::shared_ptr<bpf_link> link;
  };
  static Napi::Value Create(Napi::Env env, Held held);
  explicit Link(const Napi::CallbackInfo& info);

 private:
  Napi::Value Detach(const Napi::CallbackInfo& info);

  Held held_;
};

}  // namespace scxkit
