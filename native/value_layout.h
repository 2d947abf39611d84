// SPDX-License-Identifier: MIT
#pragma once

#include <bpf/bpf.h>

#include <cstddef>

namespace scxkit {

// How the kernel copies an entry of a map: of a per-CPU one the values of all possible CPUs, each rounded up to 8
// bytes.
struct ValueLayout {
  size_t stride = 0;  // from one CPU's value to the next's
  size_t cpus = 1;
  size_t Bytes() const { return stride * cpus; }

  // Returns a negative errno of libbpf_num_possible_cpus.
  int Read(const bpf_map_info& info);
};

// Whether an array or a hash has a value for each CPU.
bool IsPerCpu(const bpf_map_info& info);

}  // namespace scxkit
