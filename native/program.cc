// SPDX-License-Identifier: MIT
#include "program.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "addon.h"
#include "failure.h"

namespace scxkit {

Napi::Function Program::Define(Napi::Env env) {
  return DefineClass(env, "Program", {InstanceMethod<&Program::Run>("run"), InstanceMethod<&Program::Close>("close")});
}

Napi::Value Program::Create(Napi::Env env, int fd) {
  return Addon::Of(env)->program.New({Napi::External<int>::New(env, &fd)});
}

Program::Program(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  if (info.Length() != 1 || !info[0].IsExternal()) throw Napi::TypeError::New(info.Env(), "use Object.program()");
  fd_ = fcntl(*info[0].As<Napi::External<int>>().Data(), F_DUPFD_CLOEXEC, 3);
  if (fd_ < 0) Throw(info.Env(), "fcntl", errno);
}

Program::~Program() {
  if (fd_ >= 0) close(fd_);
}

// run(context: Uint8Array): number. Runs a SEC("syscall") program once; it may change the context in place.
Napi::Value Program::Run(const Napi::CallbackInfo& info) {
  if (fd_ < 0) throw Napi::Error::New(info.Env(), "the program is closed");
  auto context = info[0].As<Napi::Uint8Array>();
  LIBBPF_OPTS(bpf_test_run_opts, options);
  if (context.ByteLength() > 0) {
    options.ctx_in = context.Data();
    options.ctx_size_in = static_cast<uint32_t>(context.ByteLength());
  }
  if (int error = bpf_prog_test_run_opts(fd_, &options)) Throw(info.Env(), "bpf_prog_test_run_opts", -error);
  return Napi::Number::New(info.Env(), options.retval);
}

void Program::Close(const Napi::CallbackInfo&) {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

}  // namespace scxkit
