// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "fold.h"

namespace scxkit {

// CPUs with numbers in a row.
struct CpuRange {
  size_t first = 0, count = 0;
  bool operator==(const CpuRange& other) const { return first == other.first && count == other.count; }
};

// Sums a PERCPU_ARRAY over CPUs inside the kernel, by a small program that goes through the map and leaves the sums in
// memory that is mapped here: a word for each statistic is copied in place of one for each of its CPUs, and no entry
// takes a look-up of its own.
//
// Of CPUs that the machine may get but hasn't (possible, but not present) the words are gone through seldom: nothing
// runs there that counts. Most virtual machines have many of these.
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
  int Read(uint64_t* sums);

 private:
  KernelSum() = default;
  bool LoadProgram(int map, size_t entries, const Fold& fold);
  // Fills the sums over these.
  int Run(CpuRange cpus);
  // Those that are there now; all where they aren't in a row.
  CpuRange Present() const;
  int ReadAbsent();
  const uint64_t* Sums() const;
  // Of the results, in bytes.
  size_t Size() const;

  int program_ = -1;
  int results_ = -1;  // an array of one value: which CPUs are meant, then all sums
  uint64_t* mapped_ = nullptr;
  size_t words_ = 0;      // of the sums
  size_t cpus_ = 0;       // possible ones
  int presentFile_ = -1;  // where not all of them are there
  CpuRange present_;
  std::vector<uint64_t> absent_;  // the sums over the others
  size_t readings_ = 0;
};

}  // namespace scxkit
