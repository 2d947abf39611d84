// SPDX-License-Identifier: MIT
#include "watch.h"

#include <unistd.h>

namespace scxkit {

Watch::Watch(Napi::Env env, int fd, const Napi::Function& callback, const char* name, Watch** owner)
    : fd_(fd), env_(env), callback_(Napi::Persistent(callback)), context_(env, name), owner_(owner) {
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok || uv_poll_init(loop, &poll_, fd) != 0) {
    close(fd);
    throw Napi::Error::New(env, "no event loop that could watch");
  }
  poll_.data = this;
  uv_poll_start(&poll_, UV_READABLE, [](uv_poll_t* poll, int, int) { static_cast<Watch*>(poll->data)->Readable(); });
  // A worker thread may end while we watch: the handle must be closed before its loop goes.
  napi_add_async_cleanup_hook(
      env, [](napi_async_cleanup_hook_handle, void* self) { static_cast<Watch*>(self)->Stop(); }, this, &cleanup_);
}

void Watch::Stop() {
  if (stopped_) return;
  stopped_ = true;
  *owner_ = nullptr;
  uv_poll_stop(&poll_);
  uv_close(reinterpret_cast<uv_handle_t*>(&poll_), [](uv_handle_t* handle) {
    auto* closed = static_cast<Watch*>(handle->data);
    close(closed->fd_);
    napi_remove_async_cleanup_hook(closed->cleanup_);
    delete closed;
  });
}

void Watch::Call(std::initializer_list<napi_value> arguments) {
  try {
    callback_.MakeCallback(env_.Global(), arguments, context_);
  } catch (const Napi::Error& error) {
    napi_fatal_exception(env_, error.Value());
  }
}

}  // namespace scxkit
