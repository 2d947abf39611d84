// SPDX-License-Identifier: MIT
#include "keyed_snapshot.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "bound.h"
#include "failure.h"

namespace scxkit {
namespace {

// More keys than anybody looks at; what finds no slot is counted.
constexpr size_t kMostSlots = 65536;

// Bounds of our own memory, whatever a map says that it may hold: words of all slots, and bytes read at a time.
constexpr size_t kMostWords = 1 << 20;
constexpr size_t kMostWide = 8 << 20;  // of those that there are for each CPU
constexpr size_t kMostBytes = 16 << 20;

enum State : uint8_t { kFree, kThere, kGone };

}  // namespace

Napi::Function KeyedSnapshot::Define(Napi::Env env) {
  return DefineClass(env, "KeyedSnapshot", {InstanceMethod<&KeyedSnapshot::ByCpu>("byCpu")});
}

KeyedSnapshot::KeyedSnapshot(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  Napi::Env env = info.Env();
  map_ = Map::From(info[0]);
  map_->Fd(env);
  const bpf_map_info& shape = map_->Info();
  const bool known = shape.type == BPF_MAP_TYPE_HASH || shape.type == BPF_MAP_TYPE_LRU_HASH ||
                     shape.type == BPF_MAP_TYPE_PERCPU_HASH || shape.type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
  if (!known) throw Napi::TypeError::New(env, "not a hash");
  keySize_ = shape.key_size;
  const ValueLayout layout = map_->Layout(env);
  stride_ = layout.stride;
  cpus_ = layout.cpus;
  most_ = std::clamp<size_t>(kMostBytes / (keySize_ + cpus_ * stride_), 1, std::max<size_t>(shape.max_entries, 1));
  keysRead_.resize(most_ * keySize_);
  values_.resize(most_ * cpus_ * stride_);
  // Those that have gone keep theirs for one reading more.
  fold_.Configure(info[1], shape.value_size, cpus_, 1);
  const size_t most = fold_.HasNarrow() ? std::min(kMostWords, kMostWide / cpus_) : kMostWords;
  const size_t room = most / fold_.Words();
  slots_ = std::min({size_t{shape.max_entries} * 2, kMostSlots, std::max<size_t>(room, 1)});
  fold_.Hold(slots_);
  const size_t words = slots_ * fold_.Words();
  last_.resize(words);
  seen_.resize(slots_);
  words_ = std::make_shared<std::vector<uint64_t>>(words);
  starts_ = std::make_shared<std::vector<uint64_t>>(words);
  keys_ = std::make_shared<std::vector<uint8_t>>(slots_ * keySize_);
  states_ = std::make_shared<std::vector<uint8_t>>(slots_);
  for (size_t slot = slots_; slot > 0; slot--) free_.push_back(slot - 1);
  mapObject_ = Napi::Persistent(info[0].As<Napi::Object>());

  auto self = info.This().As<Napi::Object>();
  self.Set("words", ToArray<Napi::BigUint64Array>(env, words_));
  self.Set("starts", ToArray<Napi::BigUint64Array>(env, starts_));
  self.Set("keys", ToArray<Napi::Uint8Array>(env, keys_));
  self.Set("states", ToArray<Napi::Uint8Array>(env, states_));
  BindFunction(self, "take", this, Take);
}

// byCpu(): what CpuCells::Arrays() has, which take() fills from now on. Slots behind those that it has room for are not
// in it.
Napi::Value KeyedSnapshot::ByCpu(const Napi::CallbackInfo& info) {
  const size_t room = kMostWide / (cpus_ * fold_.Words());
  if (!cells_) cells_.emplace(info.Env(), std::clamp<size_t>(room, 1, slots_), cpus_, fold_.Words());
  return cells_->Arrays();
}

// In pieces that there is room for. A key that is met twice counts once.
int KeyedSnapshot::Read(int fd) {
  std::vector<char> batch(std::max<size_t>(keySize_, sizeof(uint32_t)));
  for (bool first = true;; first = false) {
    uint32_t count = static_cast<uint32_t>(most_);
    const int error = bpf_map_lookup_batch(fd, first ? nullptr : batch.data(), batch.data(), keysRead_.data(),
                                           values_.data(), &count, nullptr);
    // A bucket that is fuller than our room, or a map type without batches.
    if (error == -ENOSPC || error == -kNotSupported || error == -EINVAL) return ReadOneByOne(fd);
    if (error != 0 && error != -ENOENT) return error;
    for (size_t i = 0; i < count; i++) Put(keysRead_.data() + i * keySize_, values_.data() + i * cpus_ * stride_);
    if (error == -ENOENT) return 0;
  }
}

int KeyedSnapshot::ReadOneByOne(int fd) {
  unplaced_ = 0;
  std::vector<char> key(keySize_);
  const char* previous = nullptr;
  // A key that goes in between has us begin again: not for ever.
  for (uint64_t left = uint64_t{2} * map_->Info().max_entries; left > 0; left--) {
    int error = bpf_map_get_next_key(fd, previous, key.data());
    if (error == -ENOENT) return 0;
    if (error == 0) error = bpf_map_lookup_elem(fd, key.data(), values_.data());
    if (error != 0 && error != -ENOENT) return error;
    if (error == 0) Put(key.data(), values_.data());
    previous = key.data();
  }
  isWhole_ = false;
  return 0;
}

size_t KeyedSnapshot::SlotOf(const char* key) {
  const std::string text(key, keySize_);
  const auto found = slotOf_.find(text);
  if (found != slotOf_.end()) return found->second;
  if (free_.empty()) return slots_;
  const size_t slot = free_.back();
  free_.pop_back();
  slotOf_.emplace(text, slot);
  memcpy(keys_->data() + slot * keySize_, key, keySize_);
  const size_t words = fold_.Words();
  std::copy_n(words_->begin() + static_cast<ptrdiff_t>(slot * words), words,
              starts_->begin() + static_cast<ptrdiff_t>(slot * words));
  Forget(slot);
  if (CpuCells* cells = CellsOf(slot)) cells->Begin(slot);
  return slot;
}

void KeyedSnapshot::Put(const char* key, const char* values) {
  const size_t slot = SlotOf(key);
  if (slot == slots_) {
    unplaced_++;
    return;
  }
  seen_[slot] = true;
  (*states_)[slot] = kThere;
  const size_t words = fold_.Words();
  const bool narrowFell = fold_.HasNarrow() && fold_.HasFallen(slot, values, stride_);
  fold_.Entry(slot, values, stride_);
  if (CameBack(slot, values, narrowFell)) {
    Forget(slot);
    if (fold_.HasNarrow()) fold_.Entry(slot, values, stride_);
  }
  const uint64_t* sums = fold_.Sum(slot);
  uint64_t* last = last_.data() + slot * words;
  CpuCells* cells = CellsOf(slot);
  for (size_t word = 0; word < words; word++) {
    const bool anew = sums[word] < last[word] || (cells && cells->HasFallen(slot, word, fold_, values, stride_));
    uint64_t& whole = (*words_)[slot * words + word];
    whole = fold_.IsGauge(slot, word) ? sums[word] : whole + sums[word] - (anew ? 0 : last[word]);
    last[word] = sums[word];
    if (cells) cells->Take(slot, word, anew, fold_, values, stride_);
  }
}

void KeyedSnapshot::Forget(size_t slot) {
  const size_t words = fold_.Words();
  std::fill_n(last_.begin() + static_cast<ptrdiff_t>(slot * words), words, 0);
  fold_.Forget(slot);
  if (CpuCells* cells = CellsOf(slot)) cells->Forget(slot);
}

// Whether the slot's key is another one of the same name, all of whose words began at zero: what it had counted went
// down. A level that nobody declared as one goes down while counters go on, and narrow counters may have wrapped: those
// are asked only where there are no others.
bool KeyedSnapshot::CameBack(size_t slot, const char* values, bool narrowFell) {
  const uint64_t* sums = fold_.Sum(slot);
  const uint64_t* last = last_.data() + slot * fold_.Words();
  const CpuCells* cells = CellsOf(slot);
  bool counted = false;
  for (size_t word = 0; word < fold_.Words(); word++) {
    if (last[word] == 0 || fold_.IsGauge(slot, word) || fold_.IsNarrow(slot, word)) continue;
    const bool fell = sums[word] < last[word] || (cells && cells->HasFallen(slot, word, fold_, values, stride_));
    if (!fell) return false;
    counted = true;
  }
  return counted || narrowFell;
}

// Slots whose keys had gone at the reading before are free now.
void KeyedSnapshot::Release() {
  for (size_t slot = 0; slot < slots_; slot++) {
    if ((*states_)[slot] != kGone) continue;
    slotOf_.erase(std::string(reinterpret_cast<const char*>(keys_->data()) + slot * keySize_, keySize_));
    (*states_)[slot] = kFree;
    free_.push_back(slot);
  }
}

int KeyedSnapshot::ReadAndFold(int fd) {
  unplaced_ = 0;
  std::fill(seen_.begin(), seen_.end(), false);
  Release();
  isWhole_ = true;
  if (const int error = Read(fd)) return error;
  // A key that was only not met would come again with all that it has counted.
  for (size_t slot = 0; isWhole_ && slot < slots_; slot++)
    if ((*states_)[slot] == kThere && !seen_[slot]) (*states_)[slot] = kGone;
  return 0;
}

// take(): number
napi_value KeyedSnapshot::Take(napi_env env, napi_callback_info info) {
  auto* self = BoundTo<KeyedSnapshot>(env, info);
  if (self->cells_ && !self->cells_->Bound(env)) return nullptr;
  const int fd = self->map_->OpenFd();
  const int error = fd < 0 ? -EBADF : self->ReadAndFold(fd);
  if (fd < 0) Napi::Error::New(env, "the map is closed").ThrowAsJavaScriptException();
  else if (error != 0) Failure{"bpf_map_lookup_batch", -error, {}}.ToError(env).ThrowAsJavaScriptException();
  if (error != 0) return nullptr;
  return Napi::Number::New(env, self->unplaced_);
}

}  // namespace scxkit
