// SPDX-License-Identifier: MIT
#include "process.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "failure.h"

namespace scxkit {

// prctl() reaches the calling thread alone. A seccomp filter that is synchronised takes the flag to all of them
// (seccomp(2), SECCOMP_FILTER_FLAG_TSYNC); this one allows everything.
void SetNoNewPrivs(const Napi::CallbackInfo& info) {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) Throw(info.Env(), "prctl", errno);
  sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  const sock_fprog program{1, &allow};
  const int64_t result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
  // Positive: the thread that has another filter already.
  if (result != 0) Throw(info.Env(), "seccomp", result < 0 ? errno : EBUSY);
}

void SetFifo(const Napi::CallbackInfo& info) {
  const int32_t thread = info[0].As<Napi::Number>();
  sched_param parameter{};
  parameter.sched_priority = info[1].As<Napi::Number>();
  if (sched_setscheduler(thread, SCHED_FIFO, &parameter) != 0) Throw(info.Env(), "sched_setscheduler", errno);
}

}  // namespace scxkit
