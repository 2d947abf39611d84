// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "fold.h"

namespace scxkit {

// Sums a PERCPU_ARRAY over CPUs inside the kernel, by a small program that goes through the map and leaves the sums in
// memory that is mapped here: a word for each statistic is copied in place of one for each of its CPUs, and no entry
// takes a look-up of its own.
class KernelSum {
 public:
  // A program for this map and fold; nullptr where reading it is no cheaper, or the kernel (or a lack of privileges)
  // won't have it: the map is then to be read as ever.
  static std::shared_ptr<KernelSum> Load(int map, size_t entries, size_t cpus, const Fold& fold);
  ~KernelSum() { Close(); }
  KernelSum(const KernelSum&) = delete;
  KernelSum& operator=(const KernelSum&) = delete;

  // Lets go of the map, which its program keeps in the kernel; nothing can be read any more.
  void Close();
  // Fills sums[entry * words + word]. Returns a negative errno.
  int Read(uint64_t* sums) const;

 private:
  KernelSum() = default;
  bool LoadProgram(int map, size_t entries, size_t cpus, const Fold& fold);

  int program_ = -1;
  int results_ = -1;  // an array of one value, all sums
  const void* mapped_ = nullptr;
  size_t size_ = 0;  // of the sums, in bytes
};

}  // namespace scxkit
