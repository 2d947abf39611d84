// SPDX-License-Identifier: MIT
#include "clear.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "value_layout.h"

namespace scxkit {
namespace {

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

// PIDFD_THREAD of the kernel's include/uapi/linux/pidfd.h, from 6.9 on.
constexpr unsigned kPidfdThread = O_EXCL;

// From key to key: to look for a first one begins at the first bucket each time. What somebody adds meanwhile may stay,
// and can't keep us for ever.
int DeleteAll(int fd, const bpf_map_info& info) {
  std::vector<char> key(info.key_size);
  std::vector<char> next(info.key_size);
  int found = bpf_map_get_next_key(fd, nullptr, key.data());
  for (uint64_t left = uint64_t{2} * info.max_entries; found == 0 && left > 0; left--) {
    found = bpf_map_get_next_key(fd, key.data(), next.data());
    const int error = bpf_map_delete_elem(fd, key.data());
    if (error != 0 && error != -ENOENT) return error;
    key.swap(next);
  }
  return found == -ENOENT ? 0 : found;
}

int ZeroAll(int fd, const bpf_map_info& info) {
  ValueLayout layout;
  if (const int error = layout.Read(info)) return error;
  const std::vector<char> zeros(layout.Bytes());
  for (uint32_t key = 0; key < info.max_entries; key++)
    if (int error = bpf_map_update_elem(fd, &key, zeros.data(), BPF_ANY)) return error;
  return 0;
}

int PopAll(int fd, const bpf_map_info& info) {
  std::vector<char> value(info.value_size);
  for (uint32_t left = info.max_entries; left > 0; left--) {
    const int error = bpf_map_lookup_and_delete_elem(fd, nullptr, value.data());
    if (error != 0) return error == -ENOENT ? 0 : error;
  }
  return 0;
}

int DeleteStorageOf(int fd, int thread) {
  const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, thread, kPidfdThread));
  if (pidfd < 0) return errno == ESRCH ? 0 : -errno;  // it has ended meanwhile
  const int error = bpf_map_delete_elem(fd, &pidfd);
  close(pidfd);
  return error == -ENOENT || error == -ESRCH ? 0 : error;
}

// Calls back with each name in a folder that is a number.
template <typename Callback>
int EachNumber(const std::string& path, Callback callback) {
  DIR* folder = opendir(path.c_str());
  if (folder == nullptr) return -errno;
  int error = 0;
  while (const dirent* entry = error == 0 ? readdir(folder) : nullptr)
    if (const auto number = static_cast<int>(strtol(entry->d_name, nullptr, 10)); number > 0) error = callback(number);
  closedir(folder);
  return error;
}

// The map itself can't be walked, so all threads are asked.
int DeleteStorage(int fd) {
  return EachNumber("/proc", [fd](int process) {
    const int error = EachNumber("/proc/" + std::to_string(process) + "/task",
                                 [fd](int thread) { return DeleteStorageOf(fd, thread); });
    return error == -ENOENT || error == -ESRCH ? 0 : error;
  });
}

}  // namespace

int ClearMap(int fd, const bpf_map_info& info) {
  switch (info.type) {
    case BPF_MAP_TYPE_HASH:
    case BPF_MAP_TYPE_LRU_HASH:
    case BPF_MAP_TYPE_PERCPU_HASH:
    case BPF_MAP_TYPE_LRU_PERCPU_HASH:
    case BPF_MAP_TYPE_LPM_TRIE:
      return DeleteAll(fd, info);
    case BPF_MAP_TYPE_ARRAY:
    case BPF_MAP_TYPE_PERCPU_ARRAY:
      return ZeroAll(fd, info);
    case BPF_MAP_TYPE_QUEUE:
    case BPF_MAP_TYPE_STACK:
      return PopAll(fd, info);
    case BPF_MAP_TYPE_TASK_STORAGE:
      return DeleteStorage(fd);
    default:
      return -EOPNOTSUPP;
  }
}

}  // namespace scxkit
