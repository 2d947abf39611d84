// SPDX-License-Identifier: MIT
#pragma once

#include <bpf/bpf.h>

namespace scxkit {

// Makes a map as it was when created: hashes and queues lose their entries, elements of arrays become zero (the kernel
// frees what kptrs and timers in them hold), tasks lose their storage. 0 or a negative errno; -EOPNOTSUPP for any other
// type.
int ClearMap(int fd, const bpf_map_info& info);

}  // namespace scxkit
