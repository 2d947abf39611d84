// SPDX-License-Identifier: MIT
#include "value_layout.h"

#include <bpf/libbpf.h>

namespace scxkit {

bool IsPerCpu(const bpf_map_info& info) {
  return info.type == BPF_MAP_TYPE_PERCPU_ARRAY || info.type == BPF_MAP_TYPE_PERCPU_HASH ||
         info.type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

int ValueLayout::Read(const bpf_map_info& info) {
  stride = info.value_size;
  if (!IsPerCpu(info)) return 0;
  const int possible = libbpf_num_possible_cpus();
  if (possible < 0) return possible;
  stride = (stride + 7) / 8 * 8;
  cpus = static_cast<size_t>(possible);
  return 0;
}

}  // namespace scxkit
