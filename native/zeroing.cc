// SPDX-License-Identifier: MIT
#include "zeroing.h"

#include <chrono>
#include <cstring>

namespace scxkit {

namespace {

template <typename T>
uint64_t Exchange(char* place) {
  return __atomic_exchange_n(reinterpret_cast<T*>(place), T{0}, __ATOMIC_SEQ_CST);
}

uint64_t LoadAndZero(char* value, const Fold::Leaf& leaf) {
  const uint64_t was = Fold::Load(value, leaf);
  memset(value + leaf.offset, 0, leaf.size);
  return was;
}

// Nothing that is counted between the reading and the zero is lost, where the field is aligned as C aligns it.
uint64_t ExchangeWithZero(char* value, const Fold::Leaf& leaf) {
  char* place = value + leaf.offset;
  if (reinterpret_cast<uintptr_t>(place) % leaf.size == 0) switch (leaf.size) {
      case 1:
        return Exchange<uint8_t>(place);
      case 2:
        return Exchange<uint16_t>(place);
      case 4:
        return Exchange<uint32_t>(place);
      default:
        return Exchange<uint64_t>(place);
    }
  return LoadAndZero(value, leaf);
}

}  // namespace

void Zeroing::Take(size_t row, const uint8_t* chosen, const Fold& fold, char* value, bool live, uint64_t* sums) {
  for (size_t word = 0; word < words_; word++) {
    if (chosen[word] == 0) continue;
    const Fold::Leaf leaf = fold.LeafOf(word);
    const uint64_t was = live ? ExchangeWithZero(value, leaf) : LoadAndZero(value, leaf);
    uint64_t& held = held_[row * words_ + word];
    // Less than what is held: somebody else has zeroed it as well.
    sums[word] += was >= held ? was - held : was;
    held = was;
  }
}

void Zeroing::Settle() {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::microseconds(1);
  while (Clock::now() < end) {
  }
}

void Zeroing::Check(size_t row, const uint8_t* chosen, const Fold& fold, const char* value) {
  for (size_t word = 0; word < words_; word++) {
    if (chosen[word] == 0) continue;
    uint64_t& held = held_[row * words_ + word];
    const Fold::Leaf leaf = fold.LeafOf(word);
    if (Fold::Load(value, leaf) < held) held = 0;
  }
}

}  // namespace scxkit
