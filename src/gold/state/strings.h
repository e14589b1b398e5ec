#pragma once

#include <algorithm>
#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gold/state/distinct.h"

namespace millrace::gold {

/// The id of a string in a StringPool. 0 is null, and an empty string counts as null.
using StringId = std::uint32_t;

/// Maps strings to small ids, so that state and comparisons take little. Not thread-safe while strings are
/// added.
class StringPool {
  public:
    StringPool();
    StringPool(const StringPool&) = delete;
    StringPool& operator=(const StringPool&) = delete;

    /// Returns the id of a string, and adds it if it is new. Returns 0 for an empty string.
    StringId add(std::string_view value);
    [[nodiscard]] std::string_view value(StringId id) const { return values_[id]; }
    /// Returns a 64-bit hash of the string, which is the same in every run.
    [[nodiscard]] std::uint64_t hash(StringId id) const { return hashes_[id]; }
    /// Returns the same hash of a text that is not empty.
    [[nodiscard]] static std::uint64_t hash_of(std::string_view value);
    /// The number of strings, including null.
    [[nodiscard]] std::size_t size() const { return ids_.size() + 1; }
    /// The highest id plus one.
    [[nodiscard]] std::size_t places() const { return values_.size(); }

    /// Removes the strings whose id is not marked. Their ids are reused for new strings.
    void sweep(const std::vector<bool>& marked);

    template <class Archive>
    void save(Archive& archive) const {
        archive(values_, free_);
    }
    template <class Archive>
    void load(Archive& archive) {
        archive(values_, free_);
        rebuild_index();
    }

  private:
    struct Hash {
        using is_avalanching = void;
        std::size_t operator()(std::string_view value) const { return hash_of(value); }
    };

    void rebuild_index();

    std::deque<std::string> values_;  // indexed by the id; a deque, since ids_ has views of the strings
    std::vector<std::uint64_t> hashes_;
    std::vector<StringId> free_;
    boost::unordered_flat_map<std::string_view, StringId, Hash> ids_;
};

/// The string fields of an event.
enum class Field : std::uint8_t {
    user,
    product,
    category,
    device,
    session,
    page,
    order,
    currency,
    event,
    amounts,  ///< bytes of OrderAmounts
    entry,    ///< texts of Entry
    visit,    ///< what entries are made of: referrers and the parts of campaigns
};
inline constexpr std::size_t field_count = 12;

/// Records which strings the state still needs; see Strings::sweep().
class Marks {
  public:
    explicit Marks(const std::vector<std::size_t>& places);
    void mark(Field field, StringId id) { marked_[static_cast<std::size_t>(field)][id] = true; }
    [[nodiscard]] const std::vector<bool>& of(std::size_t field) const { return marked_[field]; }

  private:
    std::vector<std::vector<bool>> marked_;
};

/// What is computed from each string of a pool, once until clear().
template <typename Value>
class ByString {
  public:
    template <typename Make>
    Value get(StringId id, Make&& make) {
        if (id >= values_.size())
            values_.resize(std::max<std::size_t>(id + std::size_t{1}, 2 * values_.size()));
        std::optional<Value>& value = values_[id];
        if (!value) value = make();
        return *value;
    }
    void clear() { values_.clear(); }

  private:
    std::vector<std::optional<Value>> values_;
};

/// One string pool for each field. Not thread-safe while strings are added.
class Strings {
  public:
    [[nodiscard]] StringPool& operator[](Field field) { return pools_[static_cast<std::size_t>(field)]; }
    [[nodiscard]] const StringPool& operator[](Field field) const {
        return pools_[static_cast<std::size_t>(field)];
    }
    [[nodiscard]] std::string_view value(Field field, StringId id) const { return (*this)[field].value(id); }

    /// A string that is made of other strings, by their ids.
    using Parts = std::array<StringId, 5>;
    /// Returns the id that `make()` has returned for these parts before, or calls it now.
    template <typename Make>
    StringId derived(const Parts& parts, Make&& make) {
        const auto [found, is_new] = derived_.try_emplace(parts);
        if (is_new) found->second = make();
        return found->second;
    }

    /// What is computed from pages and from referrers; it is cleared by a sweep.
    ByString<std::uint64_t>& page_sites() { return page_sites_; }
    ByString<std::uint64_t>& referrer_sites() { return referrer_sites_; }
    ByString<StringId>& page_entries() { return page_entries_; }

    /// Returns true if so many strings were added since the last sweep that another sweep is worthwhile.
    [[nodiscard]] bool due() const;
    /// Returns marks for all current ids, none of which is marked.
    [[nodiscard]] Marks marks() const;
    /// Removes the strings that are not marked.
    void sweep(const Marks& marks);

    template <class Archive>
    void serialize(Archive& archive) {
        for (StringPool& pool : pools_) archive(pool);
    }

  private:
    [[nodiscard]] std::size_t size() const;

    struct PartsHash {
        using is_avalanching = void;
        std::size_t operator()(const Parts& parts) const {
            const auto pair = [](StringId low, StringId high) { return low | std::uint64_t{high} << 32U; };
            return combine(combine(pair(parts[0], parts[1]), pair(parts[2], parts[3])), parts[4]);
        }
    };

    std::array<StringPool, field_count> pools_;
    boost::unordered_flat_map<Parts, StringId, PartsHash> derived_;  // until the next sweep
    ByString<std::uint64_t> page_sites_, referrer_sites_;
    ByString<StringId> page_entries_;
    std::size_t swept_size_ = 0;
};

}  // namespace millrace::gold
