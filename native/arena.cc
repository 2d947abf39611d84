// SPDX-License-Identifier: MIT
#include "arena.h"

#include <malloc.h>

#include <algorithm>
#include <random>
#include <string>

namespace scxkit {
namespace {

// BPF_MAP_TYPE_ARENA of linux/bpf.h, from Linux 6.9 on.
constexpr int kArenaType = 33;
constexpr unsigned kBlocks = 600;

}  // namespace

bool ArenaLost(bpf_object* object, const std::vector<char>& file) {
  if (libbpf_major_version() != 1 || libbpf_minor_version() > 5) return false;
  // The section of such variables; without one nothing refers to the map by that pointer.
  const std::string section(".addr_space.1");
  if (std::search(file.begin(), file.end(), section.begin(), section.end()) == file.end()) return false;
  bpf_map* map = nullptr;
  bpf_map* first = bpf_object__next_map(object, nullptr);
  bpf_object__for_each_map(map, object) {
    if (static_cast<int>(bpf_map__type(map)) == kArenaType) break;
  }
  if (map == nullptr) return false;
  // The pointer is somewhere in the object, or it is stale. The array's own pointer is there too.
  const auto* words = reinterpret_cast<void* const*>(object);
  const void* wanted = map;
  const auto found = std::count(words, words + malloc_usable_size(object) / sizeof(*words), wanted);
  return found < (map == first ? 2 : 1);
}

// Free room of three sizes, each piece by itself: for names and other small things, for lists, and for the array with
// room to grow.
Disorder::Disorder(unsigned seed) {
  std::minstd_rand random(seed);
  for (unsigned i = 0; i < kBlocks; i++) {
    const auto number = static_cast<size_t>(random());
    const size_t sizes[] = {32 + number % 1000, 1000 + number % 3000, 4600 + number % (seed % 2 == 0 ? 2000 : 30000)};
    for (const size_t size : {sizes[i % 3], size_t{32}})
      held_.emplace_back(new char[size]);  // NOLINT(cppcoreguidelines-avoid-c-arrays)
  }
  for (size_t i = 0; i < held_.size(); i += 2) held_[i].reset();
}

}  // namespace scxkit
