// SPDX-License-Identifier: MIT
#include "uevent.h"

#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "failure.h"
#include "watch.h"

namespace scxkit {

namespace {

class UeventWatch : public Watch {
 public:
  UeventWatch(Napi::Env env, int fd, const Napi::Function& callback, std::string prefix, Watch** owner)
      : Watch(env, fd, callback, "scxkit:uevents", owner), prefix_(std::move(prefix)) {}

 private:
  void Readable() override {
    char text[8192];
    sockaddr_nl sender{};
    socklen_t length = sizeof(sender);
    while (!IsStopped()) {
      const ssize_t size =
          recvfrom(Fd(), text, sizeof(text) - 1, MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&sender), &length);
      // ENOBUFS means that uevents were lost: an empty call makes the listener look for itself.
      if (size < 0 && errno == ENOBUFS) {
        Deliver(("lost@" + prefix_).c_str(), prefix_.size() + 5);
        continue;
      }
      if (size <= 0) return;
      text[size] = '\0';
      // Only the kernel (port 0) is believed; any process may send to the group.
      if (sender.nl_pid == 0) Deliver(text, static_cast<size_t>(size));
    }
  }

  void Deliver(const char* text, size_t size) {
    // "ACTION@DEVPATH\0KEY=VALUE\0…"
    const char* path = static_cast<const char*>(memchr(text, '@', size));
    if (path == nullptr || strncmp(path + 1, prefix_.c_str(), prefix_.size()) != 0) return;
    Napi::HandleScope scope(Env());
    auto fields = Napi::Array::New(Env());
    uint32_t count = 0;
    for (size_t at = 0; at < size; at += strlen(text + at) + 1) fields[count++] = Napi::String::New(Env(), text + at);
    Call({fields});
  }

  std::string prefix_;
};

}  // namespace

Napi::Function Uevents::Define(Napi::Env env) {
  return DefineClass(env, "Uevents", {InstanceMethod<&Uevents::Close>("close")});
}

Uevents::Uevents(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  Napi::Env env = info.Env();
  const std::string prefix = info[0].As<Napi::String>();
  if (!info[1].IsFunction()) throw Napi::TypeError::New(env, "not a function");
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
  watch_ = new UeventWatch(env, fd, info[1].As<Napi::Function>(), prefix, &watch_);
}

Uevents::~Uevents() { Stop(); }

void Uevents::Stop() {
  if (watch_ != nullptr) watch_->Stop();
}

// close(): idempotent; no call comes after it.
void Uevents::Close(const Napi::CallbackInfo&) { Stop(); }

}  // namespace scxkit
