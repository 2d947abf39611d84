// SPDX-License-Identifier: MIT
#include "kernel_btf.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "addon.h"
#include "file.h"
#include "task.h"

namespace scxkit {
namespace {

constexpr const char* kPath = "/sys/kernel/btf/vmlinux";

bool IsWhole(const char* bytes, size_t size) {
  if (size < sizeof(btf_header)) return false;
  const auto* header = reinterpret_cast<const btf_header*>(bytes);
  const uint64_t types = uint64_t{header->hdr_len} + header->type_off + header->type_len;
  const uint64_t strings = uint64_t{header->hdr_len} + header->str_off + header->str_len;
  return header->magic == BTF_MAGIC && header->hdr_len >= sizeof(btf_header) && types <= size && strings <= size &&
         header->str_len > 0 && header->type_off % 4 == 0 && bytes[strings - 1] == '\0';
}

// Bytes after a type's common part; -1 for a kind that this code doesn't know.
int64_t TailOf(const btf_type* type) {
  const int64_t count = btf_vlen(type);
  switch (btf_kind(type)) {
    case BTF_KIND_FWD:
    case BTF_KIND_CONST:
    case BTF_KIND_VOLATILE:
    case BTF_KIND_RESTRICT:
    case BTF_KIND_PTR:
    case BTF_KIND_TYPEDEF:
    case BTF_KIND_FUNC:
    case BTF_KIND_FLOAT:
    case BTF_KIND_TYPE_TAG:
      return 0;
    case BTF_KIND_INT:
      return sizeof(uint32_t);
    case BTF_KIND_ENUM:
      return count * static_cast<int64_t>(sizeof(struct btf_enum));
    case BTF_KIND_ENUM64:
      return count * static_cast<int64_t>(sizeof(struct btf_enum64));
    case BTF_KIND_ARRAY:
      return sizeof(struct btf_array);
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION:
      return count * static_cast<int64_t>(sizeof(struct btf_member));
    case BTF_KIND_FUNC_PROTO:
      return count * static_cast<int64_t>(sizeof(struct btf_param));
    case BTF_KIND_VAR:
      return sizeof(struct btf_var);
    case BTF_KIND_DATASEC:
      return count * static_cast<int64_t>(sizeof(struct btf_var_secinfo));
    case BTF_KIND_DECL_TAG:
      return sizeof(struct btf_decl_tag);
    default:
      return -1;
  }
}

}  // namespace

// The kernel's own memory where it lets itself be mapped (from 6.16 on), else a copy.
struct KernelBtf::Bytes {
  const char* data = nullptr;
  size_t size = 0;

  Bytes() = default;
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;
  ~Bytes() {
    if (mapped_) munmap(const_cast<char*>(data), size);
  }

  int Read() {
    if (Map()) return 0;
    const int error = ReadFile(kPath, &copy_);
    data = copy_.data();
    size = copy_.size();
    return error;
  }

 private:
  bool Map() {
    const int fd = open(kPath, O_RDONLY | O_CLOEXEC);
    struct stat status{};
    if (fd >= 0 && fstat(fd, &status) == 0) {
      size = static_cast<size_t>(status.st_size);
      void* memory = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
      mapped_ = memory != MAP_FAILED;
      if (mapped_) data = static_cast<const char*>(memory);
    }
    if (fd >= 0) close(fd);
    return mapped_;
  }

  std::vector<char> copy_;
  bool mapped_ = false;
};

Napi::Function KernelBtf::Define(Napi::Env env) {
  return DefineClass(env, "KernelBtf",
                     {
                         StaticMethod<&KernelBtf::Load>("load"),
                         InstanceMethod<&KernelBtf::Members>("members"),
                         InstanceMethod<&KernelBtf::Enumerators>("enumerators"),
                         InstanceMethod<&KernelBtf::HasFunction>("hasFunction"),
                     });
}

KernelBtf::KernelBtf(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  if (info.Length() != 1 || !info[0].IsExternal()) throw Napi::TypeError::New(info.Env(), "use KernelBtf.load()");
  bytes_ = *info[0].As<Napi::External<std::shared_ptr<Bytes>>>().Data();
  header_ = reinterpret_cast<const btf_header*>(bytes_->data);
}

// load(): Promise<KernelBtf>
Napi::Value KernelBtf::Load(const Napi::CallbackInfo& info) {
  auto bytes = std::make_shared<Bytes>();
  return Task::Run(
      info.Env(), kPath, Napi::Object(),
      [bytes] {
        if (int error = bytes->Read()) return error;
        return IsWhole(bytes->data, bytes->size) ? 0 : -EINVAL;
      },
      [bytes](Napi::Env env, const std::vector<std::string>&) -> Napi::Value {
        auto share = bytes;
        return Addon::Of(env)->kernelBtf.New({Napi::External<std::shared_ptr<Bytes>>::New(env, &share)});
      });
}

const btf_type* KernelBtf::Find(const std::string& name, std::initializer_list<uint32_t> kinds) const {
  // A name stands once in the strings, whole.
  const char* strings = bytes_->data + header_->hdr_len + header_->str_off;
  const std::string pattern = '\0' + name + '\0';
  const void* found = memmem(strings, header_->str_len, pattern.data(), pattern.size());
  if (found == nullptr) return nullptr;
  const auto offset = static_cast<uint32_t>(static_cast<const char*>(found) - strings + 1);

  const char* at = bytes_->data + header_->hdr_len + header_->type_off;
  const char* end = at + header_->type_len;
  while (end - at >= static_cast<ptrdiff_t>(sizeof(btf_type))) {
    const auto* type = reinterpret_cast<const btf_type*>(at);
    const int64_t tail = TailOf(type);
    at += sizeof(btf_type);
    if (tail < 0 || end - at < tail) return nullptr;
    at += tail;
    if (type->name_off != offset) continue;
    for (uint32_t kind : kinds)
      if (btf_kind(type) == kind) return type;
  }
  return nullptr;
}

const char* KernelBtf::Text(uint32_t offset) const {
  return offset < header_->str_len ? bytes_->data + header_->hdr_len + header_->str_off + offset : "";
}

// members(struct: string): string[] | undefined
Napi::Value KernelBtf::Members(const Napi::CallbackInfo& info) {
  const std::string name = info[0].As<Napi::String>();
  const btf_type* type = Find(name, {BTF_KIND_STRUCT});
  if (type == nullptr) return info.Env().Undefined();
  auto list = Napi::Array::New(info.Env(), btf_vlen(type));
  for (uint32_t i = 0; i < btf_vlen(type); i++)
    list[i] = Napi::String::New(info.Env(), Text(btf_members(type)[i].name_off));
  return list;
}

// enumerators(enum: string): Record<string, bigint> | undefined
Napi::Value KernelBtf::Enumerators(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const std::string name = info[0].As<Napi::String>();
  auto result = Napi::Object::New(env);
  const btf_type* type = Find(name, {BTF_KIND_ENUM, BTF_KIND_ENUM64});
  if (type == nullptr) return env.Undefined();
  for (uint32_t i = 0; i < btf_vlen(type); i++) {
    uint64_t value = 0;
    uint32_t label = 0;
    if (btf_is_enum64(type)) {
      value = btf_enum64_value(&btf_enum64(type)[i]);
      label = btf_enum64(type)[i].name_off;
    } else {
      const auto raw = btf_enum(type)[i].val;
      value = btf_kflag(type) ? static_cast<uint64_t>(int64_t{raw}) : static_cast<uint32_t>(raw);
      label = btf_enum(type)[i].name_off;
    }
    result.Set(Text(label), Napi::BigInt::New(env, value));
  }
  return result;
}

// hasFunction(name: string): boolean
Napi::Value KernelBtf::HasFunction(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), Find(info[0].As<Napi::String>(), {BTF_KIND_FUNC}) != nullptr);
}

}  // namespace scxkit
