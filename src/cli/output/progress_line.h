#pragma once

#include <chrono>
#include <string>

namespace millrace::cli {

/// Progress of a long command on stderr: one line rewritten in place on a terminal, a plain line every few
/// seconds elsewhere.
class ProgressLine {
  public:
    ProgressLine();
    ~ProgressLine();
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;

    void show(const std::string& text);
    /// A bar in front of `text`; `share` from 0 to 1.
    void show_bar(double share, const std::string& text);

  private:
    bool terminal_;
    bool shown_ = false;
    std::chrono::steady_clock::time_point next_;
};

}  // namespace millrace::cli
