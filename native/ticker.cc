// SPDX-License-Identifier: MIT
#include "ticker.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <ctime>

#include "clocks.h"
#include "failure.h"
#include "watch.h"

namespace scxkit {

namespace {

constexpr int64_t kSecond = 1'000'000'000;

timespec ToTime(int64_t ns) { return {ns / kSecond, ns % kSecond}; }

class TickerWatch : public Watch {
 public:
  TickerWatch(Napi::Env env, int fd, const Napi::Function& callback, int64_t start, int64_t interval, Watch** owner)
      : Watch(env, fd, callback, "scxkit:ticker", owner), last_(start), interval_(interval) {}

 private:
  void Readable() override {
    uint64_t ticks = 0;
    if (read(Fd(), &ticks, sizeof(ticks)) != sizeof(ticks)) return;
    last_ += static_cast<int64_t>(ticks) * interval_;
    const auto late = static_cast<double>(std::max<int64_t>(0, MonotonicNow() - last_));
    Napi::HandleScope scope(Env());
    Call({Napi::Number::New(Env(), static_cast<double>(ticks)), Napi::Number::New(Env(), late / 1e6)});
  }

  int64_t last_;  // when the last tick was due
  int64_t interval_;
};

}  // namespace

Napi::Function Ticker::Define(Napi::Env env) {
  return DefineClass(env, "Ticker", {InstanceMethod<&Ticker::Close>("close")});
}

Ticker::Ticker(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  Napi::Env env = info.Env();
  const double ms = info[0].As<Napi::Number>();
  if (!(ms > 0 && ms < 1e12)) throw Napi::RangeError::New(env, "not an interval");
  if (!info[1].IsFunction()) throw Napi::TypeError::New(env, "not a function");
  const int64_t interval = std::max<int64_t>(1, llround(ms * 1e6));
  const int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  if (fd < 0) Throw(env, "timerfd_create", errno);
  const int64_t start = MonotonicNow();
  const itimerspec times{ToTime(interval), ToTime(start + interval)};
  if (timerfd_settime(fd, TFD_TIMER_ABSTIME, &times, nullptr) < 0) {
    const int error = errno;
    close(fd);
    Throw(env, "timerfd_settime", error);
  }
  watch_ = new TickerWatch(env, fd, info[1].As<Napi::Function>(), start, interval, &watch_);
}

Ticker::~Ticker() { Stop(); }

void Ticker::Stop() {
  if (watch_ != nullptr) watch_->Stop();
}

// close(): idempotent; no call comes after it.
void Ticker::Close(const Napi::CallbackInfo&) { Stop(); }

}  // namespace scxkit
