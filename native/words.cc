// SPDX-License-Identifier: MIT
#include "words.h"

namespace scxkit {

void Words::Bind(Napi::BigUint64Array array) {
  array_ = Napi::Persistent(array);
  buffer_ = Napi::Persistent(array.ArrayBuffer());
  data_ = array.Data();
  length_ = array.ElementLength();
}

uint64_t* Words::Data(Napi::Env env) const {
  bool detached = true;
  if (napi_is_detached_arraybuffer(env, buffer_.Value(), &detached) != napi_ok || detached)
    throw Napi::Error::New(env, "the bound array's buffer was transferred away");
  return data_;
}

}  // namespace scxkit
