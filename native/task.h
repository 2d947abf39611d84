// SPDX-License-Identifier: MIT
#pragma once

#include <napi.h>

#include <cerrno>
#include <functional>
#include <new>
#include <optional>
#include <utility>

#include "failure.h"
#include "message_log.h"

namespace scxkit {

// One slow step off the main thread, as a promise. `work` runs on a pool thread with libbpf's messages captured and
// returns 0 or a negative errno; `done` makes the promise's value on the main thread. `owner` stays alive meanwhile.
class Task : public Napi::AsyncWorker {
 public:
  using Work = std::function<int()>;
  using Done = std::function<Napi::Value(Napi::Env, const std::vector<std::string>& log)>;
  using Finally = std::function<void()>;

  static Napi::Promise Run(Napi::Env env, const char* call, Napi::Object owner, Work work, Done done,
                           Finally finally = nullptr) {
    auto* task = new Task(env, call, std::move(work), std::move(done), std::move(finally));
    if (!owner.IsEmpty()) task->owner_ = Napi::Persistent(owner);
    task->Queue();
    return task->deferred_.Promise();
  }

 protected:
  void Execute() override {
    MessageLog log;
    int result = 0;
    try {
      result = work_();
    } catch (const std::bad_alloc&) {
      result = -ENOMEM;
    }
    if (result < 0) failure_ = Failure{call_, -result, log.Lines()};
    else lines_ = log.Lines();
  }

  void OnOK() override {
    if (finally_) finally_();
    // Nothing may be thrown out of here: when a worker thread is being ended, every call into JavaScript fails, and
    // there is nobody left to tell.
    try {
      Settle();
    } catch (const Napi::Error&) {
    }
  }

 private:
  Task(Napi::Env env, const char* call, Work work, Done done, Finally finally)
      : Napi::AsyncWorker(env, call),
        call_(call),
        work_(std::move(work)),
        done_(std::move(done)),
        finally_(std::move(finally)),
        deferred_(Napi::Promise::Deferred::New(env)) {}

  void Settle() {
    if (failure_) {
      deferred_.Reject(failure_->ToError(Env()).Value());
      return;
    }
    Napi::Value value;
    try {
      value = done_(Env(), lines_);
    } catch (const Napi::Error& error) {
      deferred_.Reject(error.Value());
      return;
    }
    deferred_.Resolve(value);
  }

  const char* call_;
  Work work_;
  Done done_;
  Finally finally_;
  Napi::Promise::Deferred deferred_;
  Napi::ObjectReference owner_;
  std::optional<Failure> failure_;
  std::vector<std::string> lines_;
};

}  // namespace scxkit
