#pragma once

#include <chrono>
#include <string>

namespace millrace::cli {

/// The progress of a long command on stderr: one line that is rewritten in place on a terminal, otherwise a
/// plain line every few seconds.
class ProgressLine {
  public:
    ProgressLine();
    ~ProgressLine();
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;

    void show(const std::string& text);
    /// Shows a bar before `text`. `share` is from 0 to 1.
    void show_bar(double share, const std::string& text);

  private:
    bool terminal_;
    bool shown_ = false;
    std::chrono::steady_clock::time_point next_;
};

}  // namespace millrace::cli
