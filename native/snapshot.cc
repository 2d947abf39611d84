// SPDX-License-Identifier: MIT
#include "snapshot.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <cerrno>

#include "bound.h"
#include "failure.h"

namespace scxkit {

Napi::Function Snapshot::Define(Napi::Env env) {
  return DefineClass(env, "Snapshot",
                     {InstanceMethod<&Snapshot::Group>("group"), InstanceMethod<&Snapshot::Zero>("zero")});
}

Snapshot::Snapshot(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  Napi::Env env = info.Env();
  map_ = Map::From(info[0]);
  map_->Fd(env);
  const Napi::Value rows = info[1].IsObject() ? info[1].As<Napi::Object>().Get("rows") : env.Undefined();
  if (rows.IsObject()) UseRows(rows.As<Napi::Object>(), info[1]);
  else UseArray(env, info[1]);
  mapObject_ = Napi::Persistent(info[0].As<Napi::Object>());

  auto self = info.This().As<Napi::Object>();
  self.Set("sums", fold_.Sums(env));
  self.Set("mapped", Napi::Boolean::New(env, mapped_));
  BindFunction(self, "take", this, Take);
}

void Snapshot::UseRows(const Napi::Object& rows, const Napi::Value& options) {
  Napi::Env env = rows.Env();
  const int64_t offset = rows.Get("offset").As<Napi::Number>();
  const int64_t stride = rows.Get("stride").As<Napi::Number>();
  const int64_t count = rows.Get("count").As<Napi::Number>();
  const int64_t size = map_->Info().value_size;
  if (map_->Info().type != BPF_MAP_TYPE_ARRAY || map_->Info().max_entries != 1)
    throw Napi::TypeError::New(env, "not a section of global data");
  if (offset < 0 || stride <= 0 || count <= 0 || stride > size || count > size / stride ||
      offset > size - stride * count)
    throw Napi::RangeError::New(env, "the rows leave the section");
  offset_ = static_cast<size_t>(offset);
  stride_ = static_cast<size_t>(stride);
  cpus_ = static_cast<size_t>(count);
  mapped_ = map_->IsMappable(env);  // now, so that taking can't fail
  if (!mapped_) values_.resize(static_cast<size_t>(size));
  fold_.Configure(options, stride_, cpus_, 1);
  fold_.Hold(1);
}

void Snapshot::UseArray(Napi::Env env, const Napi::Value& options) {
  const bpf_map_info& shape = map_->Info();
  if (shape.type != BPF_MAP_TYPE_PERCPU_ARRAY && shape.type != BPF_MAP_TYPE_ARRAY)
    throw Napi::TypeError::New(env, "not an array of values");
  const ValueLayout layout = map_->Layout(env);
  stride_ = layout.stride;
  cpus_ = layout.cpus;
  entries_ = shape.max_entries;
  fold_.Configure(options, shape.value_size, cpus_, entries_);
  fold_.Hold(entries_);
  // Now, though it may never be needed: once privileges are given up the kernel takes no program any more.
  if (shape.type == BPF_MAP_TYPE_PERCPU_ARRAY) kernelSum_ = KernelSum::Load(map_->Fd(env), entries_, cpus_, fold_);
  if (!kernelSum_) return ReadHere();
  map_->OnClose([sum = std::weak_ptr(kernelSum_)] {
    if (const auto loaded = sum.lock()) loaded->Close();
  });
}

int Snapshot::Read(int fd) {
  if (mapped_) return 0;
  if (entries_ == 1) {
    const uint32_t key = 0;
    return bpf_map_lookup_elem(fd, &key, values_.data());
  }
  uint32_t batch = 0;
  uint32_t count = static_cast<uint32_t>(entries_);
  const int error = bpf_map_lookup_batch(fd, nullptr, &batch, keys_.data(), values_.data(), &count, nullptr);
  if (error != 0 && error != -ENOENT) return error;
  return count == entries_ ? 0 : -EIO;
}

void Snapshot::FoldAll() {
  fold_.Begin();
  const char* values = Values();
  for (size_t entry = 0; entry < entries_; entry++) fold_.Entry(entry, values + entry * cpus_ * stride_, stride_);
}

void Snapshot::ReadHere() {
  kernelSum_.reset();
  if (mapped_ || !values_.empty()) return;
  values_.resize(entries_ * cpus_ * stride_);
  keys_.resize(entries_);
}

bool Snapshot::SumInKernel() {
  if (kernelSum_->Read(fold_.Sum(0)) == 0) return true;
  ReadHere();
  return false;
}

// take(): reads and folds. No allocation.
napi_value Snapshot::Take(napi_env env, napi_callback_info info) {
  auto* self = BoundTo<Snapshot>(env, info);
  const int fd = self->map_->OpenFd();
  if (self->kernelSum_ && self->SumInKernel()) return nullptr;
  const int error = fd < 0 ? -EBADF : self->Read(fd);
  if (error == 0) {
    self->FoldAll();
    return nullptr;
  }
  const char* call = self->entries_ == 1 ? "bpf_map_lookup_elem" : "bpf_map_lookup_batch";
  if (fd < 0) Napi::Error::New(env, "the map is closed").ThrowAsJavaScriptException();
  else Failure{call, -error, {}}.ToError(env).ThrowAsJavaScriptException();
  return nullptr;
}

// group(groups: Uint32Array): the bound array of sums over these groups of CPUs, which take() fills from now on.
Napi::Value Snapshot::Group(const Napi::CallbackInfo& info) {
  fold_.Group(info[0]);
  ReadHere();
  return fold_.Grouped(info.Env());
}

// zero(chosen: Uint8Array), after take(): the words that are not 0 in `chosen`, one for each of `sums`, become zero
// where they are, and `sums` has what was counted in them since they were zeroed last. What isn't mapped is written by
// whole values, as they were read: whether there is anything else in them is the caller's to know.
void Snapshot::Zero(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  auto chosen = info[0].As<Napi::Uint8Array>();
  const int fd = map_->Fd(env);
  const size_t words = fold_.Words();
  if (chosen.ElementLength() != entries_ * words) throw Napi::RangeError::New(env, "not as many as there are sums");
  if (map_->IsReadOnly()) Throw(env, "bpf_map_update_elem", EPERM);
  if (kernelSum_) {  // which leaves no values of each CPU
    ReadHere();
    if (const int error = Read(fd)) Throw(env, "bpf_map_lookup_elem", -error);
    FoldAll();
  }
  if (!zeroing_) zeroing_.emplace(entries_ * cpus_, words);
  const auto eachRow = [&](size_t entry, const auto& visit) {
    for (size_t row = entry * cpus_; row < (entry + 1) * cpus_; row++) visit(row, Values() + row * stride_);
  };
  for (uint32_t entry = 0; entry < entries_; entry++) {
    const uint8_t* ours = chosen.Data() + entry * words;
    if (std::all_of(ours, ours + words, [](uint8_t is) { return is == 0; })) continue;
    uint64_t* sums = fold_.Sum(entry);
    for (size_t word = 0; word < words; word++)
      if (ours[word] != 0) sums[word] = 0;
    eachRow(entry, [&](size_t row, char* value) { zeroing_->Take(row, ours, fold_, value, mapped_, sums); });
    if (mapped_) continue;
    const char* values = values_.data() + entry * cpus_ * stride_;  // of a section that is all of it
    if (const int error = bpf_map_update_elem(fd, &entry, values, BPF_EXIST)) Throw(env, "bpf_map_update_elem", -error);
  }
  if (mapped_) Zeroing::Settle();
  if (const int error = Read(fd)) Throw(env, "bpf_map_lookup_elem", -error);
  for (size_t entry = 0; entry < entries_; entry++)
    eachRow(entry, [&](size_t row, char* value) { zeroing_->Check(row, chosen.Data() + entry * words, fold_, value); });
}

}  // namespace scxkit
