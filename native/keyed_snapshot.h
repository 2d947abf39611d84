// SPDX-License-Identifier: MIT
#pragma once

#include <napi.h>

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "cpu_cells.h"
#include "fold.h"
#include "map.h"
#include "shared_array.h"

namespace scxkit {

// Reads a whole hash whose keys come and go, folds each value over CPUs, and gives each key a slot of its own in bound
// arrays for as long as it is there.
//
// What a slot's words say only grows, but for gauges, over all keys that had it: so whoever keeps a baseline may go on.
// `starts` says where the present key began. A key that was deleted and came back between two readings is noticed when
// all that it had counted went down, and goes on from where it was; one counter that goes down alone begins anew alone.
// Where each CPU's words are kept, it goes down when it does on one of them.
class KeyedSnapshot : public Napi::ObjectWrap<KeyedSnapshot> {
 public:
  static Napi::Function Define(Napi::Env env);
  // new KeyedSnapshot(map: Map, options?: Fold's): its arrays are `words` (what only grows, but for gauges), `starts`,
  // `keys` (bytes of each slot's key) and `states` (0 free, 1 there, 2 gone since the reading before); `take()` fills
  // them and returns how many keys found no slot.
  explicit KeyedSnapshot(const Napi::CallbackInfo& info);

 private:
  static napi_value Take(napi_env env, napi_callback_info info);
  Napi::Value ByCpu(const Napi::CallbackInfo& info);
  int Read(int fd);
  int ReadOneByOne(int fd);
  int ReadAndFold(int fd);
  void Put(const char* key, const char* values);
  // Where each CPU's words of the slot are, if they are kept.
  CpuCells* CellsOf(size_t slot) { return cells_ && cells_->Holds(slot) ? &*cells_ : nullptr; }
  bool CameBack(size_t slot, const char* values, bool narrowFell);
  void Forget(size_t slot);
  size_t SlotOf(const char* key);
  void Release();

  Napi::Reference<Napi::Object> mapObject_;
  Map* map_ = nullptr;
  Fold fold_;  // an entry for each slot
  size_t keySize_ = 0;
  size_t stride_ = 0;
  size_t cpus_ = 1;
  size_t slots_ = 0;
  size_t most_ = 0;  // entries read at a time
  uint32_t unplaced_ = 0;
  bool isWhole_ = true;  // whether the last reading met all keys
  std::vector<char> keysRead_;
  std::vector<char> values_;
  std::unordered_map<std::string, size_t> slotOf_;
  std::vector<size_t> free_;
  std::vector<uint64_t> last_;
  std::vector<bool> seen_;
  std::optional<CpuCells> cells_;  // once they were asked for
  // Shared with JavaScript.
  Shared<uint64_t> words_, starts_;
  Shared<uint8_t> keys_, states_;
};

}  // namespace scxkit
