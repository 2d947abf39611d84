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
  void Bind(Napi::BigUint64Array array);
  // The first word; throws when the buffer is gone.
  uint64_t* Data(Napi::Env env) const;
  Napi::BigUint64Array Array(Napi::Env) const { return array_.Value(); }
  size_t Length() const { return length_; }

 private:
  Napi::Reference<Napi::BigUint64Array> array_;
  Napi::Reference<Napi::ArrayBuffer> buffer_;
  uint64_t* data_ = nullptr;
  size_t length_ = 0;
};

}  // namespace scxkit
