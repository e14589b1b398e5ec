#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::gold {

/// Stands for a string of a StringPool; 0 stands for null, which an empty string counts as.
using StringId = std::uint32_t;

/// Numbers for strings, so that state and comparisons are small. Not thread-safe while strings are added.
class StringPool {
  public:
    StringPool();
    StringPool(const StringPool&) = delete;
    StringPool& operator=(const StringPool&) = delete;

    /// The id of a string, a new one at need; 0 for an empty one.
    StringId add(std::string_view value);
    [[nodiscard]] std::string_view value(StringId id) const { return values_[id]; }
    /// 64 uniform bits of the string itself, the same in every run.
    [[nodiscard]] std::uint64_t hash(StringId id) const { return hashes_[id]; }
    /// How many strings it holds, the null included.
    [[nodiscard]] std::size_t size() const { return ids_.size() + 1; }
    /// One more than the highest id.
    [[nodiscard]] std::size_t places() const { return values_.size(); }

    /// Forgets the strings whose id isn't marked; their ids are given to others.
    void sweep(const std::vector<bool>& marked);

    template <class Archive>
    void save(Archive& archive) const {
        archive(values_, free_);
    }
    template <class Archive>
    void load(Archive& archive) {
        archive(values_, free_);
        take_up();
    }

  private:
    void take_up();

    std::deque<std::string> values_;  // by id; they stay where they are
    std::vector<std::uint64_t> hashes_;
    std::vector<StringId> free_;
    boost::unordered_flat_map<std::string_view, StringId> ids_;
};

/// The strings of each of an event's fields.
enum class Field : std::uint8_t { type, user, product, category, device, session, page, order, currency };
inline constexpr std::size_t field_count = 9;

/// Which strings the state still needs; see Strings::sweep().
class Marks {
  public:
    explicit Marks(const std::vector<std::size_t>& places);
    void mark(Field field, StringId id) { marked_[static_cast<std::size_t>(field)][id] = true; }
    [[nodiscard]] const std::vector<bool>& of(std::size_t field) const { return marked_[field]; }

  private:
    std::vector<std::vector<bool>> marked_;
};

/// A pool for each field.
class Strings {
  public:
    [[nodiscard]] StringPool& operator[](Field field) { return pools_[static_cast<std::size_t>(field)]; }
    [[nodiscard]] const StringPool& operator[](Field field) const {
        return pools_[static_cast<std::size_t>(field)];
    }
    [[nodiscard]] std::string_view value(Field field, StringId id) const { return (*this)[field].value(id); }

    /// True when so many strings have come since the last sweep that another one pays.
    [[nodiscard]] bool due() const;
    [[nodiscard]] Marks marks() const;
    void sweep(const Marks& marks);

    template <class Archive>
    void serialize(Archive& archive) {
        for (StringPool& pool : pools_) archive(pool);
    }

  private:
    [[nodiscard]] std::size_t size() const;

    std::array<StringPool, field_count> pools_;
    std::size_t swept_size_ = 0;
};

}  // namespace millrace::gold
