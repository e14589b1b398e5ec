#include "serve/feed.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"

namespace millrace::serve {

void Feed::publish(std::string_view data) {
    {
        const base::MutexLock lock(mutex_);
        const std::int64_t number = std::max(newest_.number + 1, base::to_ms(base::wall_time()));
        newest_ = {number,
                   std::make_shared<const std::string>(fmt::format("id: {}\ndata: {}\n\n", number, data))};
    }
    const base::MutexLock lock(watchers_->mutex);
    for (const auto& [number, changed] : watchers_->each) changed();
}

Feed::Message Feed::newest() const {
    const base::MutexLock lock(mutex_);
    return newest_;
}

std::size_t Feed::watchers() const {
    const base::MutexLock lock(watchers_->mutex);
    return watchers_->each.size();
}

Feed::Ticket Feed::watch(std::function<void()> changed) {
    const base::MutexLock lock(watchers_->mutex);
    const std::int64_t number = ++watchers_->last;
    watchers_->each.emplace(number, std::move(changed));
    return {nullptr, [watchers = watchers_, number](void*) {
                const base::MutexLock removing(watchers->mutex);
                watchers->each.erase(number);
            }};
}

}  // namespace millrace::serve
