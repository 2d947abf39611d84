// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "fold.h"

namespace scxkit {

// The counters of one snapshot that are zeroed at each reading, while BPF programs count in them. A plain `n++` that
// had loaded the old value when the zero was written stores it back, one higher; then the zero is lost, and what was
// counted before must not be counted again. So the values are read again at once: one that is no smaller than what was
// there before the zero is taken for such a one, and held against the next reading.
class Zeroing {
 public:
  // For so many values, and words in each.
  Zeroing(size_t rows, size_t words) : words_(words), held_(rows * words) {}

  // Takes the chosen words of a row, those with a 1, out of its value, leaves zeros there, and adds to `sums` what was
  // counted in them since they were zeroed last. `live`: the value is the memory in which others count.
  void Take(size_t row, const uint8_t* chosen, const Fold& fold, char* value, bool live, uint64_t* sums);
  // For live values, between the two: until a store that was under way has arrived.
  static void Settle();
  // The row's value as it is now.
  void Check(size_t row, const uint8_t* chosen, const Fold& fold, const char* value);

 private:
  size_t words_;
  std::vector<uint64_t> held_;  // [row][word]: what was counted already of what is there
};

}  // namespace scxkit
