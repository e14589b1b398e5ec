#pragma once

namespace millrace::gold {

/// Follows the life of the gold stage, in order to publish Gold's tables elsewhere (publish/publisher.h).
/// All calls come from the stage's thread while it holds the stage's lock, so that only one process at a time
/// publishes.
class GoldObserver {
  public:
    virtual ~GoldObserver() = default;

    /// Gold's tables exist, and this process is the only one that writes them from now on.
    virtual void on_start() = 0;
    /// The state is loaded, or a rebuild has filled the tables.
    virtual void on_ready() = 0;
    /// Everything is published, and the open windows no longer change (OpenWindowsChannel::freeze()).
    /// `stopped` is true when a stop was requested, so that the call should end soon.
    virtual void on_end(bool stopped) = 0;
};

}  // namespace millrace::gold
