// SPDX-License-Identifier: MIT
#include "uevent.h"

#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "failure.h"

namespace scxkit {

// Lives until libuv has closed its handle, which is later than the JavaScript object's end.
struct Uevents::Watch {
  uv_poll_t poll;
  int fd;
  Napi::Env env;
  Napi::FunctionReference callback;
  Napi::AsyncContext context;
  std::string prefix;
  napi_async_cleanup_hook_handle cleanup;
  Uevents* owner;  // until either ends
  bool stopping = false;

  void Stop() {
    if (stopping) return;
    stopping = true;
    if (owner != nullptr) owner->watch_ = nullptr;
    owner = nullptr;
    uv_poll_stop(&poll);
    uv_close(reinterpret_cast<uv_handle_t*>(&poll), [](uv_handle_t* handle) {
      auto* closed = static_cast<Watch*>(handle->data);
      close(closed->fd);
      napi_remove_async_cleanup_hook(closed->cleanup);
      delete closed;
    });
  }

  void Deliver(const char* text, size_t size) {
    // "ACTION@DEVPATH\0KEY=VALUE\0…"
    const char* path = static_cast<const char*>(memchr(text, '@', size));
    if (path == nullptr || strncmp(path + 1, prefix.c_str(), prefix.size()) != 0) return;
    Napi::HandleScope scope(env);
    auto fields = Napi::Array::New(env);
    uint32_t count = 0;
    for (size_t at = 0; at < size; at += strlen(text + at) + 1) fields[count++] = Napi::String::New(env, text + at);
    try {
      callback.MakeCallback(env.Global(), {fields}, context);
    } catch (const Napi::Error& error) {
      napi_fatal_exception(env, error.Value());
    }
  }

  static void Readable(uv_poll_t* handle, int, int) {
    auto* watch = static_cast<Watch*>(handle->data);
    char text[8192];
    sockaddr_nl sender{};
    socklen_t length = sizeof(sender);
    for (;;) {
      const ssize_t size =
          recvfrom(watch->fd, text, sizeof(text) - 1, MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&sender), &length);
      // ENOBUFS means that uevents were lost: an empty call makes the listener look for itself.
      if (size < 0 && errno == ENOBUFS) {
        watch->Deliver(("lost@" + watch->prefix).c_str(), watch->prefix.size() + 5);
        continue;
      }
      if (size <= 0) return;
      text[size] = '\0';
      // Only the kernel (port 0) is believed; any process may send to the group.
      if (sender.nl_pid == 0) watch->Deliver(text, static_cast<size_t>(size));
      if (watch->stopping) return;
    }
  }
};

Napi::Function Uevents::Define(Napi::Env env) {
  return DefineClass(env, "Uevents", {InstanceMethod<&Uevents::Close>("close")});
}

Uevents::Uevents(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  Napi::Env env = info.Env();
  const std::string prefix = info[0].As<Napi::String>();
  if (!info[1].IsFunction()) throw Napi::TypeError::New(env, "not a function");
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) throw Napi::Error::New(env, "no event loop");
  const int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
  if (fd < 0) Throw(env, "socket", errno);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = 1;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) < 0) {
    const int error = errno;
    close(fd);
    Throw(env, "bind", error);
  }
  auto* watch = new Watch{
      {},     fd,      env, Napi::Persistent(info[1].As<Napi::Function>()), Napi::AsyncContext(env, "scxkit:uevents"),
      prefix, nullptr, this};
  uv_poll_init(loop, &watch->poll, fd);
  watch->poll.data = watch;
  uv_poll_start(&watch->poll, UV_READABLE, Watch::Readable);
  watch_ = watch;
  // A worker thread may end while we watch: the handle must be closed before its loop goes.
  napi_add_async_cleanup_hook(
      env, [](napi_async_cleanup_hook_handle, void* self) { static_cast<Watch*>(self)->Stop(); }, watch,
      &watch->cleanup);
}

Uevents::~Uevents() { Stop(); }

void Uevents::Stop() {
  if (watch_ != nullptr) watch_->Stop();
}

// close(): idempotent; no call comes after it.
void Uevents::Close(const Napi::CallbackInfo&) { Stop(); }

}  // namespace scxkit
