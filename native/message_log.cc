// SPDX-License-Identifier: MIT
#include "message_log.h"

#include <bpf/libbpf.h>

#include <cstdarg>
#include <cstdio>
#include <mutex>

namespace scxkit {
namespace {

thread_local MessageLog* current = nullptr;

int Print(enum libbpf_print_level level, const char* format, va_list args) {
  // Debug messages are hundreds of lines an object; warnings carry the verifier's log and the reason of a failure.
  if (current == nullptr || level == LIBBPF_DEBUG) return 0;
  va_list again;
  va_copy(again, args);
  const int size = vsnprintf(nullptr, 0, format, args);
  if (size > 0) {
    std::string text(static_cast<size_t>(size) + 1, '\0');
    (void)vsnprintf(text.data(), text.size(), format, again);
    text.pop_back();
    current->Append(text);
  }
  va_end(again);
  return size;
}

}  // namespace

MessageLog::MessageLog() : outer_(current) { current = this; }

MessageLog::~MessageLog() { current = outer_; }

void MessageLog::Append(const std::string& text) { text_ += text; }

void MessageLog::Say(const std::string& text) {
  if (current != nullptr) current->Append(text);
}

std::vector<std::string> MessageLog::Lines() const {
  std::vector<std::string> lines;
  size_t start = 0;
  while (start < text_.size()) {
    size_t end = text_.find('\n', start);
    if (end == std::string::npos) end = text_.size();
    if (end > start) lines.push_back(text_.substr(start, end - start));
    start = end + 1;
  }
  return lines;
}

void MessageLog::Install() {
  static std::once_flag once;
  std::call_once(once, [] { libbpf_set_print(Print); });
}

}  // namespace scxkit
