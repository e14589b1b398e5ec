#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <span>
#include <vector>

#include "base/units.h"
#include "gold/state/state_archive.h"
#include "gold/state/window.h"
#include "gold/visitors/link.h"

namespace millrace::gold {

/// Which users used an id, and when. Of each user and hour, the first and the last time counts, so that a
/// visit of any length takes the same memory, and links may come in any order. Ids are hashes of their texts.
/// Not thread-safe.
class Links {
  public:
    /// A link tells the owner of an id up to `reach` before and after it.
    Links(const Strings& strings, base::Duration reach) : strings_(strings), reach_(reach) {}

    void add(const Link& link);
    /// Returns the user of an id at a time: the one of the last link before it, or else of the first link
    /// after it, within reach; 0 where there is none.
    [[nodiscard]] StringId owner(std::uint64_t id, Timestamp time) const;
    /// The ids that were linked with a user at any time.
    [[nodiscard]] std::span<const std::uint64_t> ids_of(StringId user) const;
    /// Whether another user used the id within the same hour, so that a link may change who it belonged to
    /// before.
    [[nodiscard]] bool is_contested(const Link& link) const;
    /// The users that an id was linked with at any time.
    [[nodiscard]] std::vector<StringId> users_of(std::uint64_t id) const;
    /// Whether an id was linked with a user between two times, or at one of them.
    [[nodiscard]] bool is_linked(std::uint64_t id, StringId user, Window times) const;

    /// Removes links before a time.
    void forget(Timestamp time);
    [[nodiscard]] bool empty() const { return ids_.empty(); }
    /// The number of links that are kept: of an id, a user and an hour.
    [[nodiscard]] std::size_t size() const { return uses_; }
    void mark(Marks& marks) const;

    template <class Archive>
    void serialize(Archive& archive) {
        archive(uses_);
        serialize_map(archive, ids_);
        serialize_map(archive, ids_of_);
    }

  private:
    /// The use of an id by a user within an hour.
    struct Use {
        StringId user = 0;
        Timestamp first;
        Timestamp last;

        template <class Archive>
        void serialize(Archive& archive) {
            archive(user, first, last);
        }
    };
    /// The id does not belong to the user, as far as links up to a time say so.
    struct Removal {
        StringId user = 0;
        Timestamp until;

        template <class Archive>
        void serialize(Archive& archive) {
            archive(user, until);
        }
    };
    struct Id {
        std::vector<Use> uses;
        std::vector<Removal> removals;

        template <class Archive>
        void serialize(Archive& archive) {
            archive(uses, removals);
        }
    };
    template <typename Visit>
    static void each_use(const Id& id, Visit&& visit);

    const Strings& strings_;
    const base::Duration reach_;
    boost::unordered_flat_map<std::uint64_t, Id> ids_;
    boost::unordered_flat_map<StringId, std::vector<std::uint64_t>> ids_of_;  // the ids of each user
    std::size_t uses_ = 0;
};

}  // namespace millrace::gold
