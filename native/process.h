// SPDX-License-Identifier: MIT
#pragma once

#include <napi.h>

namespace scxkit {

// setNoNewPrivs(): all threads of the process, and whatever they start, never gain a privilege again.
void SetNoNewPrivs(const Napi::CallbackInfo& info);

// setFifo(thread: number, priority: number): sched_setscheduler(SCHED_FIFO).
void SetFifo(const Napi::CallbackInfo& info);

}  // namespace scxkit
