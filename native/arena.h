// SPDX-License-Identifier: MIT
#pragma once

#include <bpf/libbpf.h>

#include <cstddef>
#include <memory>
#include <vector>

namespace scxkit {

// libbpf 1.4 and 1.5 keep a pointer to an object's arena map while the array that it points into still grows, and what
// refers to global variables in the arena is resolved by that pointer: where the array has moved, bpf_object__load
// reads somewhere in memory. (1.6.1 and newer keep an index.) Whether it moves is up to the heap.
//
// True for an object that can't be loaded for that.
bool ArenaLost(bpf_object* object, const std::vector<char>& file);

// Leaves the heap in disorder, another one for each seed, so that the array may not move the next time. Holds half of
// it until destroyed.
class Disorder {
 public:
  explicit Disorder(unsigned seed);

 private:
  std::vector<std::unique_ptr<char[]>> held_;
};

}  // namespace scxkit
