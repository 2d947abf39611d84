// SPDX-License-Identifier: MIT
#pragma once

#include <bpf/libbpf.h>

namespace scxkit {

// libbpf asks for a mapping of every section of global data that has a variable which is not static, but the kernel
// maps none that holds a lock, a timer, a kptr or something else of its own. From 1.5 on (up to now: 1.8) libbpf can't
// load such an object for that (-ENOTSUPP). Here these sections are told to do without; who reads them takes the system
// call.
void LeaveUnmapped(bpf_object* object);

}  // namespace scxkit
