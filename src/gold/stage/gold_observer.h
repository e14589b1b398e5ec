#pragma once

namespace millrace::gold {

/// Follows the process that runs Gold: whoever carries Gold's tables elsewhere (publish/publisher.h). All
/// calls come from Gold's thread, while it holds Gold's lock, so that only one process at a time publishes.
class GoldObserver {
  public:
    virtual ~GoldObserver() = default;

    /// Gold's tables exist, and this process alone writes them from now on.
    virtual void on_start() = 0;
    /// The tables hold all that silver had at the start.
    virtual void on_ready() = 0;
    /// All is published, and the open windows stand still (OpenWindowsChannel::freeze()). `stopped` tells
    /// that the user wants the end soon.
    virtual void on_end(bool stopped) = 0;
};

}  // namespace millrace::gold
