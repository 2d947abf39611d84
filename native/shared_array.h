// SPDX-License-Identifier: MIT
#pragma once

#include <napi.h>

#include <memory>
#include <vector>

namespace scxkit {

// Memory that JavaScript sees as a typed array: it stays valid for us whatever JavaScript does with the buffer.
template <typename Element>
using Shared = std::shared_ptr<std::vector<Element>>;

template <typename Array, typename Element>
Napi::Value ToArray(Napi::Env env, const Shared<Element>& elements) {
  auto buffer = Napi::ArrayBuffer::New(
      env, elements->data(), elements->size() * sizeof(Element),
      [](Napi::Env, void*, Shared<Element>* share) { delete share; }, new Shared<Element>(elements));
  return Array::New(env, elements->size(), buffer, 0);
}

}  // namespace scxkit
