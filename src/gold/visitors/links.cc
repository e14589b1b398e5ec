#include "gold/visitors/links.h"

#include <algorithm>

namespace millrace::gold {

namespace {

constexpr base::Duration hour = std::chrono::hours(1);

}  // namespace

/// Calls `visit(user, first, last)` for the uses that are not removed.
template <typename Visit>
void Links::each_use(const Id& id, Visit&& visit) {
    for (const Use& use : id.uses) {
        Timestamp until = no_watermark;
        for (const Removal& removal : id.removals) {
            if (removal.user == use.user) until = removal.until;
        }
        if (use.last > until) visit(use.user, use.first > until ? use.first : use.last, use.last);
    }
}

void Links::add(const Link& link) {
    const std::uint64_t hash = strings_[Field::user].hash(link.id);
    Id& id = ids_[hash];
    if (link.removes) {
        const auto found = std::ranges::find(id.removals, link.user, &Removal::user);
        if (found == id.removals.end()) {
            id.removals.push_back({link.user, link.time});
        } else {
            found->until = std::max(found->until, link.time);
        }
        return;
    }
    const Window window = aligned(link.time, hour);
    // The newest use is the last one as a rule.
    const auto found = std::find_if(id.uses.rbegin(), id.uses.rend(), [&](const Use& use) {
        return use.user == link.user && window.contains(use.first);
    });
    if (found != id.uses.rend()) {
        found->first = std::min(found->first, link.time);
        found->last = std::max(found->last, link.time);
        return;
    }
    id.uses.push_back({link.user, link.time, link.time});
    ++uses_;
    auto& ids = ids_of_[link.user];
    if (std::ranges::find(ids, hash) == ids.end()) ids.push_back(hash);
}

/// Of two users at the same time, the texts tell, so that the order of arrival does not matter.
StringId Links::owner(std::uint64_t id, Timestamp time) const {
    const auto found = ids_.find(id);
    if (found == ids_.end()) return 0;
    const auto text = [this](StringId user) { return strings_.value(Field::user, user); };
    StringId before = 0;
    StringId after = 0;
    Timestamp before_time;
    Timestamp after_time;
    const auto take = [&](StringId user, Timestamp at) {
        if (at <= time && time - at <= reach_) {
            if (before != 0 && (at < before_time || (at == before_time && text(user) < text(before)))) return;
            before = user;
            before_time = at;
        } else if (at > time && at - time <= reach_) {
            if (after != 0 && (at > after_time || (at == after_time && text(user) > text(after)))) return;
            after = user;
            after_time = at;
        }
    };
    each_use(found->second, [&](StringId user, Timestamp first, Timestamp last) {
        take(user, first);
        take(user, last);
    });
    return before != 0 ? before : after;
}

std::span<const std::uint64_t> Links::ids_of(StringId user) const {
    const auto found = ids_of_.find(user);
    return found == ids_of_.end() ? std::span<const std::uint64_t>() : found->second;
}

bool Links::is_contested(const Link& link) const {
    const auto found = ids_.find(strings_[Field::user].hash(link.id));
    const Window window = aligned(link.time, hour);
    return found != ids_.end() && std::ranges::any_of(found->second.uses, [&](const Use& use) {
               return use.user != link.user && window.contains(use.first);
           });
}

std::vector<StringId> Links::users_of(std::uint64_t id) const {
    std::vector<StringId> users;
    const auto found = ids_.find(id);
    if (found == ids_.end()) return users;
    for (const Use& use : found->second.uses) {
        if (std::ranges::find(users, use.user) == users.end()) users.push_back(use.user);
    }
    return users;
}

bool Links::is_linked(std::uint64_t id, StringId user, Window times) const {
    bool is_linked = false;
    each_use(ids_.at(id), [&](StringId each, Timestamp first, Timestamp last) {
        is_linked |= each == user && first <= times.end && last >= times.start;
    });
    return is_linked;
}

void Links::forget(Timestamp time) {
    std::size_t removed = 0;
    boost::unordered::erase_if(ids_, [&](auto& id) {
        removed += std::erase_if(id.second.uses, [time](const Use& use) { return use.last < time; });
        std::erase_if(id.second.removals, [time](const Removal& removal) { return removal.until < time; });
        return id.second.uses.empty() && id.second.removals.empty();
    });
    if (removed == 0) return;
    uses_ -= removed;
    boost::unordered::erase_if(ids_of_, [&](auto& user) {
        std::erase_if(user.second, [&](std::uint64_t id) {
            const auto found = ids_.find(id);
            return found == ids_.end() ||
                   std::ranges::find(found->second.uses, user.first, &Use::user) == found->second.uses.end();
        });
        return user.second.empty();
    });
}

void Links::mark(Marks& marks) const {
    for (const auto& [hash, id] : ids_) {
        for (const Use& use : id.uses) marks.mark(Field::user, use.user);
        for (const Removal& removal : id.removals) marks.mark(Field::user, removal.user);
    }
}

}  // namespace millrace::gold
