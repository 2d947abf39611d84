// SPDX-License-Identifier: MIT
#pragma once

#include <bpf/libbpf.h>
#include <napi.h>

#include <functional>
#include <memory>
#include <vector>

#include "elf_check.h"

namespace scxkit {

// A bpf_object: opened from memory, changed while it is only data, then loaded. Maps and programs are named by their
// index, in libbpf's order. Everything that outlives the object (map, program and link wrappers) has its own
// descriptor.
class Object : public Napi::ObjectWrap<Object> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit Object(const Napi::CallbackInfo& info);

  // open(path: string, name: string, { pinRoot?: string, kconfig?: string }): Promise<Object | string>
  static Napi::Value Open(const Napi::CallbackInfo& info);

  // The object, for a wrapper's one call into libbpf; throws after close() and while load() or attach() is under way.
  bpf_object* Get(Napi::Env env) const;
  bpf_map* MapAt(const Napi::CallbackInfo& info, size_t argument) const;
  bpf_program* ProgramAt(const Napi::CallbackInfo& info, size_t argument) const;

 private:
  struct Opened;
  // A link made off the main thread, with the object that libbpf keeps pointers into.
  Napi::Value Attached(const Napi::CallbackInfo& info, const char* call, std::function<bpf_link*()> attach);
  Napi::Value Btf(const Napi::CallbackInfo& info);
  Napi::Value Maps(const Napi::CallbackInfo& info);
  Napi::Value Programs(const Napi::CallbackInfo& info);
  Napi::Value Externs(const Napi::CallbackInfo& info);
  Napi::Value Callback(const Napi::CallbackInfo& info);
  Napi::Value InitialValue(const Napi::CallbackInfo& info);
  void SetInitialValue(const Napi::CallbackInfo& info);
  void SetValueSize(const Napi::CallbackInfo& info);
  void SetMaxEntries(const Napi::CallbackInfo& info);
  void SetAutoload(const Napi::CallbackInfo& info);
  void SetAutocreate(const Napi::CallbackInfo& info);
  Napi::Value Load(const Napi::CallbackInfo& info);
  Napi::Value Map(const Napi::CallbackInfo& info);
  Napi::Value Program(const Napi::CallbackInfo& info);
  Napi::Value Attach(const Napi::CallbackInfo& info);
  Napi::Value AttachProgram(const Napi::CallbackInfo& info);
  void Associate(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  std::shared_ptr<bpf_object> object_;
  std::vector<bpf_map*> maps_;
  std::vector<bpf_program*> programs_;
  std::vector<Extern> externs_;
  bool arenaLost_ = false;
  bool busy_ = false;
  bool loaded_ = false;  // or tried to be: libbpf's initial values are not ours to change any more
};

}  // namespace scxkit
