#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/timestamp.h"
#include "produce/visitors.h"

namespace millrace::produce {

/// What a visitor does next.
enum class Step : std::uint8_t { land, browse, add_to_cart, purchase, leave };

struct CartLine {
    std::uint32_t product = 0;
    int quantity = 1;
};

/// A visit under way.
struct Visit {
    static constexpr std::size_t max_lines = 6;

    std::int64_t session = 0;
    std::int64_t order = 0;  ///< 0: it hasn't ordered
    const Source* source = nullptr;
    const Device* device = nullptr;
    std::uint32_t user = 0;     ///< user_0001 is 1
    std::uint32_t product = 0;  ///< that it looked at last; 0: none
    std::size_t category = 0;   ///< that it is interested in
    int steps_left = 0;         ///< pages that it is still to look at
    Step next = Step::land;
    bool buys = false;       ///< what it puts into the cart
    std::size_t lines = 0;   ///< of the cart
    std::size_t bought = 0;  ///< of these lines
    std::array<CartLine, max_lines> cart{};

    [[nodiscard]] bool has_in_cart(std::uint32_t wanted) const;
};

/// The visits under way, up to a fixed number, by the moment at which each goes on.
class Visits {
  public:
    explicit Visits(std::size_t max_visits) : max_visits_(max_visits) {}

    [[nodiscard]] bool empty() const { return due_.empty(); }
    [[nodiscard]] bool full() const { return due_.size() >= max_visits_; }
    [[nodiscard]] std::size_t size() const { return due_.size(); }
    /// When the next one goes on; not while empty().
    [[nodiscard]] model::Timestamp next_due() const { return due_.front().time; }
    /// Takes that one out.
    Visit take_next();
    /// Puts one in, unless full().
    void put(const Visit& visit, model::Timestamp due);

  private:
    struct Due {
        model::Timestamp time = 0;
        std::uint32_t slot = 0;

        /// The order of a heap with the earliest in front. Slots decide between equal times, so that a seed
        /// decides all.
        [[nodiscard]] bool is_after(const Due& other) const {
            return time != other.time ? time > other.time : slot > other.slot;
        }
    };

    std::size_t max_visits_;
    std::vector<Due> due_;  // a heap
    std::vector<Visit> slots_;
    std::vector<std::uint32_t> free_slots_;
};

}  // namespace millrace::produce
