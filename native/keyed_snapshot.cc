// SPDX-License-Identifier: MIT
#include "keyed_snapshot.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "bound_take.h"
#include "failure.h"

namespace scxkit {
namespace {

// More keys than anybody looks at; what finds no slot is counted.
constexpr size_t kMostSlots = 65536;

enum State : uint8_t { kFree, kThere, kGone };

// A kernel's ENOTSUPP, which libc doesn't know: a map type without that command.
constexpr int kNotSupported = 524;

template <typename Element>
using Share = std::shared_ptr<std::vector<Element>>;

template <typename Array, typename Element>
Napi::Value Shared(Napi::Env env, const Share<Element>& elements) {
  auto buffer = Napi::ArrayBuffer::New(
      env, elements->data(), elements->size() * sizeof(Element),
      [](Napi::Env, void*, Share<Element>* share) { delete share; }, new Share<Element>(elements));
  return Array::New(env, elements->size(), buffer, 0);
}

bool IsPerCpu(uint32_t type) { return type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_LRU_PERCPU_HASH; }

}  // namespace

Napi::Function KeyedSnapshot::Define(Napi::Env env) { return DefineClass(env, "KeyedSnapshot", {}); }

KeyedSnapshot::KeyedSnapshot(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  Napi::Env env = info.Env();
  map_ = Map::From(info[0]);
  map_->Fd(env);
  const bpf_map_info& shape = map_->Info();
  const bool known = IsPerCpu(shape.type) || shape.type == BPF_MAP_TYPE_HASH || shape.type == BPF_MAP_TYPE_LRU_HASH;
  if (!known) throw Napi::TypeError::New(env, "not a hash");
  keySize_ = shape.key_size;
  stride_ = shape.value_size;
  if (IsPerCpu(shape.type)) {
    const int cpus = libbpf_num_possible_cpus();
    if (cpus < 0) Throw(env, "libbpf_num_possible_cpus", -cpus);
    cpus_ = static_cast<size_t>(cpus);
    stride_ = (stride_ + 7) / 8 * 8;
  }
  // Those that have gone keep theirs for one reading more.
  slots_ = std::min<size_t>(size_t{shape.max_entries} * 2, kMostSlots);
  keysRead_.resize(size_t{shape.max_entries} * keySize_);
  values_.resize(size_t{shape.max_entries} * cpus_ * stride_);
  fold_.Configure(info[1], shape.value_size, cpus_, slots_);
  isGauge_.resize(fold_.Words());
  const Napi::Value gauges = info[1].IsObject() ? info[1].As<Napi::Object>().Get("gauges") : env.Undefined();
  if (gauges.IsTypedArray()) {
    auto words = gauges.As<Napi::Uint32Array>();
    for (size_t i = 0; i < words.ElementLength(); i++) {
      if (words[i] >= isGauge_.size()) throw Napi::RangeError::New(env, "no such word");
      isGauge_[words[i]] = true;
    }
  }
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
  self.Set("words", Shared<Napi::BigUint64Array>(env, words_));
  self.Set("starts", Shared<Napi::BigUint64Array>(env, starts_));
  self.Set("keys", Shared<Napi::Uint8Array>(env, keys_));
  self.Set("states", Shared<Napi::Uint8Array>(env, states_));
  BindTake(self, this, Take);
}

int KeyedSnapshot::Read(int fd) {
  const size_t most = map_->Info().max_entries;
  std::vector<char> batch(std::max<size_t>(keySize_, sizeof(uint32_t)));
  read_ = 0;
  for (bool first = true; read_ < most; first = false) {
    uint32_t count = static_cast<uint32_t>(most - read_);
    const int error =
        bpf_map_lookup_batch(fd, first ? nullptr : batch.data(), batch.data(), keysRead_.data() + read_ * keySize_,
                             values_.data() + read_ * cpus_ * stride_, &count, nullptr);
    if (error == -ENOENT) {
      read_ += count;
      return 0;
    }
    // A bucket that is fuller than the room that is left, or a map type without batches.
    if (error == -ENOSPC || error == -kNotSupported || error == -EINVAL) return ReadOneByOne(fd);
    if (error != 0) return error;
    read_ += count;
  }
  return 0;
}

int KeyedSnapshot::ReadOneByOne(int fd) {
  const size_t most = map_->Info().max_entries;
  const char* previous = nullptr;
  for (read_ = 0; read_ < most;) {
    char* key = keysRead_.data() + read_ * keySize_;
    int error = bpf_map_get_next_key(fd, previous, key);
    if (error == -ENOENT) return 0;
    if (error == 0) error = bpf_map_lookup_elem(fd, key, values_.data() + read_ * cpus_ * stride_);
    if (error != 0 && error != -ENOENT) return error;
    previous = key;
    if (error == 0) read_++;  // else it has gone in between
    else if (read_ + 1 == most) return 0;
  }
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
  std::fill_n(last_.begin() + static_cast<ptrdiff_t>(slot * words), words, 0);
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
  fold_.Entry(slot, values, stride_);
  const size_t words = fold_.Words();
  const uint64_t* sums = fold_.Sum(slot);
  uint64_t* last = last_.data() + slot * words;
  // A counter that went down: the key is another one of the same name, and all its words began at zero.
  bool again = false;
  for (size_t word = 0; word < words; word++) again = again || (!isGauge_[word] && sums[word] < last[word]);
  for (size_t word = 0; word < words; word++) {
    uint64_t& whole = (*words_)[slot * words + word];
    whole = isGauge_[word] ? sums[word] : whole + sums[word] - (again ? 0 : last[word]);
    last[word] = sums[word];
  }
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

void KeyedSnapshot::FoldAll() {
  unplaced_ = 0;
  std::fill(seen_.begin(), seen_.end(), false);
  Release();
  for (size_t i = 0; i < read_; i++) Put(keysRead_.data() + i * keySize_, values_.data() + i * cpus_ * stride_);
  for (size_t slot = 0; slot < slots_; slot++)
    if ((*states_)[slot] == kThere && !seen_[slot]) (*states_)[slot] = kGone;
}

// take(): number
napi_value KeyedSnapshot::Take(napi_env env, napi_callback_info info) {
  auto* self = BoundTo<KeyedSnapshot>(env, info);
  const int fd = self->map_->OpenFd();
  const int error = fd < 0 ? -EBADF : self->Read(fd);
  if (fd < 0) Napi::Error::New(env, "the map is closed").ThrowAsJavaScriptException();
  else if (error != 0) Failure{"bpf_map_lookup_batch", -error, {}}.ToError(env).ThrowAsJavaScriptException();
  if (error != 0) return nullptr;
  self->FoldAll();
  return Napi::Number::New(env, self->unplaced_);
}

}  // namespace scxkit
