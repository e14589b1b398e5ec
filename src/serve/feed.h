#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/mutex.h"

namespace millrace::serve {

/// The newest state of something, for clients that are notified of each change (Server-Sent Events,
/// https://html.spec.whatwg.org/multipage/server-sent-events.html). A slow client may miss states, but never
/// the newest one. Thread-safe.
class Feed {
  public:
    struct Message {
        /// Increases, also over restarts; 0 means that there is no message yet.
        std::int64_t number = 0;
        std::shared_ptr<const std::string> text;  ///< text in the form in which it is sent
    };

    /// Sets the newest state. `data` must not contain a line break.
    void publish(std::string_view data);
    [[nodiscard]] Message newest() const;
    /// The number of those who watch.
    [[nodiscard]] std::size_t watchers() const;

    /// Calls `changed` after each publish(), on its thread, until the ticket is destroyed. A ticket may
    /// outlive the feed.
    using Ticket = std::shared_ptr<void>;
    [[nodiscard]] Ticket watch(std::function<void()> changed);

  private:
    struct Watchers {
        base::Mutex mutex;
        std::int64_t last MILLRACE_GUARDED_BY(mutex) = 0;
        std::map<std::int64_t, std::function<void()>> each MILLRACE_GUARDED_BY(mutex);
    };

    mutable base::Mutex mutex_;
    Message newest_ MILLRACE_GUARDED_BY(mutex_);
    std::shared_ptr<Watchers> watchers_ = std::make_shared<Watchers>();
};

}  // namespace millrace::serve
