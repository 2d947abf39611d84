// SPDX-License-Identifier: MIT
#include "kernel_sum.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

namespace scxkit {

namespace {

// What a look-up of one entry copies that takes about as long as to run a program; more is quicker by the program.
constexpr size_t kWorthIt = size_t{16} << 10;
// Of one value: a jump can't be longer than the code for these.
constexpr size_t kMaxWords = 4096;
constexpr size_t kMaxBytes = size_t{1} << 20;

// Registers: 0 is a call's result, 1 to 5 its arguments, 6 to 9 stay over calls, 10 is the frame. BPF_K and BPF_LD are
// 0, and left out.
class Code {
 public:
  size_t Size() const { return code_.size(); }
  const bpf_insn* Data() const { return code_.data(); }

  void Set(uint8_t to, int32_t value) { Add(BPF_ALU64 | BPF_MOV, to, 0, 0, value); }
  void Copy(uint8_t to, uint8_t from) { Add(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0); }
  void Plus(uint8_t to, uint8_t from) { Add(BPF_ALU64 | BPF_ADD | BPF_X, to, from, 0, 0); }
  void PlusValue(uint8_t to, int32_t value) { Add(BPF_ALU64 | BPF_ADD, to, 0, 0, value); }
  void Times(uint8_t to, int32_t value) { Add(BPF_ALU64 | BPF_MUL, to, 0, 0, value); }
  void Load(uint8_t size, uint8_t to, uint8_t from, size_t at) {
    Add(BPF_LDX | BPF_MEM | size, to, from, static_cast<int16_t>(at), 0);
  }
  void Store(uint8_t size, uint8_t to, int16_t at, uint8_t from) { Add(BPF_STX | BPF_MEM | size, to, from, at, 0); }
  void StoreZero(uint8_t to, size_t at) { Add(BPF_ST | BPF_MEM | BPF_DW, to, 0, static_cast<int16_t>(at), 0); }
  void Address(uint8_t to, uint8_t kind, int32_t of, size_t at = 0) {
    Add(BPF_IMM | BPF_DW, to, kind, 0, of);
    Add(0, 0, 0, 0, static_cast<int32_t>(at));
  }
  void Call(int32_t helper) { Add(BPF_JMP | BPF_CALL, 0, 0, 0, helper); }
  void Return() {
    Set(0, 0);
    Add(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
  }
  // A jump to where Land() says.
  size_t Unless(uint8_t compare, uint8_t value, int32_t with) {
    Add(BPF_JMP | compare, value, 0, 0, with);
    return Size() - 1;
  }
  void Land(size_t jump) { code_[jump].off = static_cast<int16_t>(Size() - jump - 1); }
  // The address of a function that begins here; its use is at `at`.
  void Function(size_t at) { code_[at].imm = static_cast<int32_t>(Size() - at - 1); }

 private:
  void Add(uint8_t code, uint8_t to, uint8_t from, int16_t offset, int32_t value) {
    bpf_insn insn{};
    insn.code = code;
    insn.dst_reg = to & 0xf;
    insn.src_reg = from & 0xf;
    insn.off = offset;
    insn.imm = value;
    code_.push_back(insn);
  }

  std::vector<bpf_insn> code_;
};

// Calls a function, whose address is yet to be told, as often as register 1 says with (index, context): bpf_loop().
// Returns its use.
size_t Loop(Code& code) {
  const size_t use = code.Size();
  code.Address(2, BPF_PSEUDO_FUNC, 0);
  code.Set(4, 0);
  code.Call(BPF_FUNC_loop);
  return use;
}

// The kernel takes a function's address only where it has BTF. Returns the descriptor of such, with the ids of three.
int LoadTypes(std::array<bpf_func_info, 3>& functions) {
  btf* types = btf__new_empty();
  if (types == nullptr) return -1;
  const int number = btf__add_int(types, "long", 8, BTF_INT_SIGNED);
  const int signature = btf__add_func_proto(types, number);
  const std::array<const char*, 3> names{"sum", "sum_entry", "add_cpu"};
  bool ok = number > 0 && signature > 0;
  for (size_t i = 0; i < functions.size(); i++) {
    const int id = btf__add_func(types, names[i], i == 0 ? BTF_FUNC_GLOBAL : BTF_FUNC_STATIC, signature);
    ok = ok && id > 0;
    functions[i].type_id = static_cast<uint32_t>(id);
  }
  const int fd = ok && btf__load_into_kernel(types) == 0 ? fcntl(btf__fd(types), F_DUPFD_CLOEXEC, 0) : -1;
  btf__free(types);
  return fd;
}

// What the results begin with: the first CPU that is meant, and how many.
constexpr size_t kFirst = 0, kCount = 1, kControl = 2;

// Readings at first that look at CPUs that aren't there, for a scheduler may write there as it begins; and after how
// many later ones that is done again, for it isn't forbidden.
constexpr size_t kFirstReadings = 8, kSeldom = 64;

constexpr const char* kPresent = "/sys/devices/system/cpu/present";

// "0-3", or "2": nothing for a list with holes.
std::optional<CpuRange> RangeOf(const std::string& list) {
  size_t first = 0;
  const char* end = list.data() + list.size();
  auto [at, error] = std::from_chars(list.data(), end, first);
  if (error != std::errc{}) return std::nullopt;
  size_t last = first;
  if (at != end && *at == '-') at = std::from_chars(at + 1, end, last).ptr;
  if (last < first || (at != end && *at != '\n')) return std::nullopt;
  return CpuRange{first, last - first + 1};
}

std::optional<CpuRange> RangeIn(const char* path) {
  std::ifstream file(path);
  std::string list;
  std::getline(file, list);
  return RangeOf(list);
}

}  // namespace

std::shared_ptr<KernelSum> KernelSum::Load(int map, size_t entries, size_t cpus, const Fold& fold) {
  const size_t words = fold.Words(), size = entries * words * sizeof(uint64_t);
  if (entries == 1 && words * cpus * sizeof(uint64_t) < kWorthIt) return nullptr;
  // The look-ups go by number.
  if (words > kMaxWords || size > kMaxBytes || !(RangeIn("/sys/devices/system/cpu/possible") == CpuRange{0, cpus}))
    return nullptr;
  for (size_t word = 0; word < words; word++)
    if (fold.LeafOf(word).size != sizeof(uint64_t)) return nullptr;

  std::shared_ptr<KernelSum> sum(new KernelSum);
  sum->words_ = entries * words;
  sum->cpus_ = cpus;
  bpf_map_create_opts options{};
  options.sz = sizeof(options);
  options.map_flags = BPF_F_MMAPABLE;
  const size_t all = sum->Size();
  sum->results_ =
      bpf_map_create(BPF_MAP_TYPE_ARRAY, "scxkit_sums", sizeof(uint32_t), static_cast<uint32_t>(all), 1, &options);
  if (sum->results_ < 0 || !sum->LoadProgram(map, entries, fold)) return nullptr;
  void* memory = mmap(nullptr, all, PROT_READ | PROT_WRITE, MAP_SHARED, sum->results_, 0);
  if (memory == MAP_FAILED) return nullptr;
  sum->mapped_ = static_cast<uint64_t*>(memory);
  if (RangeIn(kPresent) == CpuRange{0, cpus}) return sum;
  sum->presentFile_ = open(kPresent, O_RDONLY | O_CLOEXEC);
  sum->absent_.resize(sum->words_);
  return sum;
}

bool KernelSum::LoadProgram(int map, size_t entries, const Fold& fold) {
  const size_t words = fold.Words();
  std::array<bpf_func_info, 3> functions{};
  Code code;
  // Register `sums` gets the address of those of the entry in `key`. That is never beyond the entries, but the verifier
  // asks for the jump.
  const auto address = [&](uint8_t sums, uint8_t key) {
    const size_t beyond = code.Unless(BPF_JGE, key, static_cast<int32_t>(entries));
    code.Times(key, static_cast<int32_t>(words * sizeof(uint64_t)));
    code.Address(sums, BPF_PSEUDO_MAP_VALUE, results_, kControl * sizeof(uint64_t));
    code.Plus(sums, key);
    return beyond;
  };
  const auto control = [&](uint8_t to, size_t word) {
    code.Address(to, BPF_PSEUDO_MAP_VALUE, results_);
    code.Load(BPF_DW, to, to, word * sizeof(uint64_t));
  };

  // sum(): for each entry…
  code.Set(1, static_cast<int32_t>(entries));
  code.Set(3, 0);
  const size_t sumEntry = Loop(code);
  code.Return();

  // …sum_entry(key): for each CPU…
  code.Function(sumEntry);
  functions[1].insn_off = static_cast<uint32_t>(code.Size());
  constexpr int16_t kKey = -4;  // where it is in the frame
  code.Store(BPF_W, 10, kKey, 1);
  const size_t noEntry = address(2, 1);
  for (size_t word = 0; word < words; word++) code.StoreZero(2, word * sizeof(uint64_t));
  code.Copy(3, 10);
  code.PlusValue(3, kKey);
  control(1, kCount);
  const size_t addCpu = Loop(code);
  code.Land(noEntry);
  code.Return();

  // …add_cpu(cpu, &key): add its words.
  code.Function(addCpu);
  functions[2].insn_off = static_cast<uint32_t>(code.Size());
  code.Copy(6, 2);
  control(3, kFirst);
  code.Plus(3, 1);
  code.Address(1, BPF_PSEUDO_MAP_FD, map);
  code.Call(BPF_FUNC_map_lookup_percpu_elem);
  const size_t noCpu = code.Unless(BPF_JEQ, 0, 0);
  code.Load(BPF_W, 1, 6, 0);
  const size_t noKey = address(2, 1);
  for (size_t word = 0; word < words; word++) {
    const size_t at = word * sizeof(uint64_t);
    code.Load(BPF_DW, 3, 0, fold.LeafOf(word).offset);
    code.Load(BPF_DW, 4, 2, at);
    code.Plus(4, 3);
    code.Store(BPF_DW, 2, static_cast<int16_t>(at), 4);
  }
  code.Land(noCpu);
  code.Land(noKey);
  code.Return();

  const int types = LoadTypes(functions);
  if (types < 0) return false;
  bpf_prog_load_opts options{};
  options.sz = sizeof(options);
  options.prog_flags = BPF_F_SLEEPABLE;
  options.prog_btf_fd = static_cast<uint32_t>(types);
  options.func_info = functions.data();
  options.func_info_cnt = functions.size();
  options.func_info_rec_size = sizeof(bpf_func_info);
  program_ = bpf_prog_load(BPF_PROG_TYPE_SYSCALL, "scxkit_sum", "GPL", code.Data(), code.Size(), &options);
  close(types);
  return program_ >= 0;
}

void KernelSum::Close() {
  if (mapped_ != nullptr) munmap(mapped_, Size());
  for (int* file : {&results_, &program_, &presentFile_}) {
    if (*file >= 0) close(*file);
    *file = -1;
  }
  mapped_ = nullptr;
}

size_t KernelSum::Size() const { return (kControl + words_) * sizeof(uint64_t); }

const uint64_t* KernelSum::Sums() const { return mapped_ + kControl; }

int KernelSum::Run(CpuRange cpus) {
  if (mapped_ == nullptr) return -EBADF;
  mapped_[kFirst] = cpus.first;
  mapped_[kCount] = cpus.count;
  bpf_test_run_opts options{};
  options.sz = sizeof(options);
  return bpf_prog_test_run_opts(program_, &options);
}

CpuRange KernelSum::Present() const {
  std::array<char, 64> text{};
  const ssize_t size = presentFile_ < 0 ? -1 : pread(presentFile_, text.data(), text.size(), 0);
  const auto range = size < 0 ? std::nullopt : RangeOf({text.data(), static_cast<size_t>(size)});
  return range && range->first + range->count <= cpus_ ? *range : CpuRange{0, cpus_};
}

int KernelSum::ReadAbsent() {
  std::fill(absent_.begin(), absent_.end(), 0);
  const size_t after = present_.first + present_.count;
  for (const CpuRange& cpus : {CpuRange{0, present_.first}, CpuRange{after, cpus_ - after}}) {
    if (cpus.count == 0) continue;
    if (const int error = Run(cpus)) return error;
    for (size_t word = 0; word < words_; word++) absent_[word] += Sums()[word];
  }
  return 0;
}

int KernelSum::Read(uint64_t* sums) {
  const CpuRange present = Present();
  const bool isDue = readings_ < kFirstReadings || readings_ % kSeldom == 0;
  readings_++;
  if (!absent_.empty() && (isDue || !(present == present_))) {
    present_ = present;
    if (const int error = ReadAbsent()) return error;
  }
  if (const int error = Run(present)) return error;
  memcpy(sums, Sums(), words_ * sizeof(uint64_t));
  for (size_t word = 0; word < absent_.size(); word++) sums[word] += absent_[word];
  return 0;
}

}  // namespace scxkit
