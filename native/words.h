// SPDX-License-Identifier: MIT
#pragma once

#include <napi.h>

#include <cstdint>

namespace scxkit {

// A BigUint64Array bound once: its address is taken at binding and held by a reference, so that the hot calls need no
// look-up. A buffer that JavaScript has transferred away since is noticed, not written to.
class Words {
 public:
  Words() = default;
  // Throws for anything but a BigUint64Array over a buffer of fixed size.
  void Bind(Napi::Value value);
  // The first word; nullptr, with an exception for JavaScript, when the buffer is gone.
  uint64_t* Data(napi_env env) const;
  size_t Length() const { return length_; }

 private:
  Napi::Reference<Napi::ArrayBuffer> buffer_;
  uint64_t* data_ = nullptr;
  size_t length_ = 0;
};

}  // namespace scxkit
