// SPDX-License-Identifier: MIT
#pragma once

#include <napi.h>

namespace scxkit {

class Watch;

// Calls at start + n * interval of the monotonic clock, by a timer of the kernel's (timerfd) that runs on by itself:
// Node's own are set anew for each tick, to whole milliseconds. It keeps the event loop alive until closed.
class Ticker : public Napi::ObjectWrap<Ticker> {
 public:
  static Napi::Function Define(Napi::Env env);
  // new Ticker(intervalMs: number, callback: (ticks: number, lateMs: number) => void): `ticks` is how many have come
  // since the last call, more than one where the process was kept from running; the last of them came `lateMs` ago.
  explicit Ticker(const Napi::CallbackInfo& info);
  ~Ticker() override;

 private:
  void Close(const Napi::CallbackInfo& info);
  void Stop();

  Watch* watch_ = nullptr;
};

}  // namespace scxkit
