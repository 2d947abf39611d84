// SPDX-License-Identifier: MIT
#pragma once

#include <napi.h>
#include <uv.h>

#include <initializer_list>

namespace scxkit {

// A descriptor that the event loop watches, and what is called when it becomes readable. It keeps the loop alive until
// stopped, and lives until libuv has closed its handle, which is later than the end of the JavaScript object that has
// it.
class Watch {
 public:
  // Takes the descriptor over. `owner` is where the JavaScript object keeps its pointer to this, which is made null
  // when either ends.
  Watch(Napi::Env env, int fd, const Napi::Function& callback, const char* name, Watch** owner);
  virtual ~Watch() = default;
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // Nothing is called after this; it deletes itself. Idempotent.
  void Stop();

 protected:
  // On the main thread.
  virtual void Readable() = 0;
  // Calls back; what that throws is an uncaught exception.
  void Call(std::initializer_list<napi_value> arguments);

  Napi::Env Env() const { return env_; }
  int Fd() const { return fd_; }
  bool IsStopped() const { return stopped_; }

 private:
  uv_poll_t poll_{};
  int fd_;
  Napi::Env env_;
  Napi::FunctionReference callback_;
  Napi::AsyncContext context_;
  napi_async_cleanup_hook_handle cleanup_ = nullptr;
  Watch** owner_;
  bool stopped_ = false;
};

}  // namespace scxkit
