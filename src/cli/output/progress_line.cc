#include "cli/output/progress_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/log.h"

namespace millrace::cli {

namespace {

constexpr auto rewrite_interval = std::chrono::milliseconds(100);
constexpr auto line_interval = std::chrono::seconds(5);
constexpr int bar_width = 24;

}  // namespace

ProgressLine::ProgressLine()
    : terminal_(::isatty(STDERR_FILENO) != 0), next_(std::chrono::steady_clock::now()) {
    if (!terminal_) next_ += line_interval;  // a short command shows no progress
}

ProgressLine::~ProgressLine() {
    if (terminal_ && shown_) base::tell("\r\x1b[K");
}

void ProgressLine::show(const std::string& text) {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return;
    next_ = now + (terminal_ ? std::chrono::nanoseconds(rewrite_interval)
                             : std::chrono::nanoseconds(line_interval));
    base::tell(terminal_ ? fmt::format("\r\x1b[K{}", text) : fmt::format("{}\n", text));
    shown_ = true;
}

void ProgressLine::show_bar(double share, const std::string& text) {
    const int done = static_cast<int>(std::clamp(share, 0.0, 1.0) * bar_width);
    show(fmt::format("[{:#<{}}{:.<{}}] {:3.0f}% {}", "", done, "", bar_width - done, share * 100, text));
}

}  // namespace millrace::cli
