// SPDX-License-Identifier: MIT
#include "words.h"

namespace scxkit {

void Words::Bind(Napi::Value value) {
  Napi::Env env = value.Env();
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_biguint64_array)
    throw Napi::TypeError::New(env, "not a BigUint64Array");
  auto array = value.As<Napi::BigUint64Array>();
  // A buffer that shrinks would leave us with an address in no memory.
  if (array.ArrayBuffer().Get("resizable").ToBoolean())
    throw Napi::TypeError::New(env, "the array's buffer is resizable");
  buffer_ = Napi::Persistent(array.ArrayBuffer());
  data_ = array.Data();
  length_ = array.ElementLength();
}

uint64_t* Words::Data(napi_env env) const {
  bool detached = true;
  if (napi_is_detached_arraybuffer(env, buffer_.Value(), &detached) == napi_ok && !detached) return data_;
  napi_throw_error(env, nullptr, "the bound array's buffer was transferred away");
  return nullptr;
}

}  // namespace scxkit
