// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

namespace scxkit {

// Reads a regular file whole. Returns 0 or a negative errno; -EISDIR and -EINVAL for what is no file, -EFBIG over
// 256 MiB.
int ReadFile(const char* path, std::vector<char>* bytes);

}  // namespace scxkit
