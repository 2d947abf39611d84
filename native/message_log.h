// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace scxkit {

// What libbpf says while one operation runs on this thread. libbpf has one print callback for the whole process; ours
// appends to the innermost MessageLog of the calling thread, so that concurrent operations never see each other's
// words.
class MessageLog {
 public:
  MessageLog();
  ~MessageLog();
  MessageLog(const MessageLog&) = delete;
  MessageLog& operator=(const MessageLog&) = delete;

  // The captured text, a line an entry, in order.
  std::vector<std::string> Lines() const;
  void Append(const std::string& text);

  // Adds words of our own to what the calling thread's operation says.
  static void Say(const std::string& text);

  // Installs the callback; once a process.
  static void Install();

 private:
  std::string text_;
  MessageLog* outer_;
};

}  // namespace scxkit
