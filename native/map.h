// SPDX-License-Identifier: MIT
#pragma once

#include <bpf/libbpf.h>
#include <napi.h>

#include <functional>
#include <utility>
#include <vector>

#include "value_layout.h"

namespace scxkit {

// What libbpf knows of a map before it exists.
Napi::Object DescribeMap(Napi::Env env, const bpf_map* map);

// An existing map, through a descriptor of its own (close-on-exec).
class Map : public Napi::ObjectWrap<Map> {
 public:
  static Napi::Function Define(Napi::Env env);
  // Duplicates `fd`; throws when it is not a map's.
  static Napi::Value Create(Napi::Env env, int fd);
  // mapById(id): Map, for reading only; whoever loaded it.
  static Napi::Value ById(const Napi::CallbackInfo& info);
  explicit Map(const Napi::CallbackInfo& info);
  ~Map() override;

  // The Map behind a JavaScript object; throws when it is none.
  static Map* From(Napi::Value value);
  int Fd(Napi::Env env) const;
  // -1 after close().
  int OpenFd() const { return fd_; }
  const bpf_map_info& Info() const { return info_; }
  // Of one entry, as the kernel copies it.
  ValueLayout Layout(Napi::Env env) const;
  // What else keeps the map in the kernel is to let go of it when this is closed.
  void OnClose(std::function<void()> release) { releases_.push_back(std::move(release)); }
  // Opened so, or a section of constants.
  bool IsReadOnly() const { return readOnly_ || (info_.map_flags & BPF_F_RDONLY_PROG) != 0; }
  // Whether the memory behind a section of global data can be mapped.
  bool IsMappable(Napi::Env env);
  // That memory, once it is mapped; nullptr after close().
  uint8_t* OpenMemory() const { return memory_; }

 private:
  Napi::Value GetInfo(const Napi::CallbackInfo& info);
  Napi::Value ReadMapped(const Napi::CallbackInfo& info);
  void WriteMapped(const Napi::CallbackInfo& info);
  Napi::Value ReadValue(const Napi::CallbackInfo& info);
  void WriteValue(const Napi::CallbackInfo& info);
  Napi::Value Lookup(const Napi::CallbackInfo& info);
  void Update(const Napi::CallbackInfo& info);
  Napi::Value Remove(const Napi::CallbackInfo& info);
  Napi::Value NextKey(const Napi::CallbackInfo& info);
  Napi::Value Clear(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);
  void RequireOneValue(Napi::Env env) const;
  const uint8_t* KeyOf(const Napi::Value& value) const;
  void Release();
  int MapMemory();
  uint8_t* Mapped(Napi::Env env);

  int fd_ = -1;
  bool readOnly_ = false;
  bpf_map_info info_{};
  uint8_t* memory_ = nullptr;
  size_t memorySize_ = 0;
  std::vector<std::function<void()>> releases_;
};

}  // namespace scxkit
