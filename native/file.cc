// SPDX-License-Identifier: MIT
#include "file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace scxkit {
namespace {

// The largest objects and kernel BTFs have a tenth of it. A sparse file may claim any size.
constexpr off_t kMaxFile = off_t{256} << 20;

// A device or FIFO would keep us for ever.
int SizeOf(int fd, std::vector<char>* bytes) {
  struct stat status{};
  if (fstat(fd, &status) < 0) return -errno;
  if (S_ISDIR(status.st_mode)) return -EISDIR;
  if (!S_ISREG(status.st_mode)) return -EINVAL;
  if (status.st_size > kMaxFile) return -EFBIG;
  bytes->resize(static_cast<size_t>(status.st_size));
  return 0;
}

}  // namespace

int ReadFile(const char* path, std::vector<char>* bytes) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return -errno;
  int error = SizeOf(fd, bytes);
  for (size_t at = 0; error == 0 && at < bytes->size();) {
    const ssize_t size = read(fd, bytes->data() + at, bytes->size() - at);
    if (size > 0) at += static_cast<size_t>(size);
    else if (size == 0) bytes->resize(at);  // it has shrunk meanwhile
    else if (errno != EINTR) error = -errno;
  }
  close(fd);
  return error;
}

}  // namespace scxkit
