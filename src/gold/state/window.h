#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cereal/cereal.hpp>  // chrono.hpp needs its macros
#include <cereal/types/chrono.hpp>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/units.h"
#include "gold/state/distinct.h"
#include "gold/state/strings.h"
#include "model/time_zone.h"

namespace millrace::gold {

using model::Timestamp;

/// An interval of event time, which includes its start and excludes its end.
struct Window {
    Timestamp start;
    Timestamp end;

    [[nodiscard]] bool contains(Timestamp time) const { return time >= start && time < end; }
};

/// Returns the whole minutes between 1970-01-01 UTC and `time`, rounded towards 1970.
constexpr std::int64_t minutes_since_1970(Timestamp time) {
    return time.time_since_epoch() / std::chrono::minutes(1);
}

/// Returns the window of this length that contains `time`. Windows are aligned to 1970-01-01 UTC.
Window aligned(Timestamp time, base::Duration length);

/// The length of a tumbling window. Minutes and hours are aligned to UTC, days to the shop's time zone.
enum class Grain : std::uint8_t { minute, hour, day };

std::string_view grain_name(Grain grain);
/// Returns the window of this grain that contains `time`.
Window window_at(Grain grain, Timestamp time, const model::TimeZone& zone);

/// The watermark before any event: no window is closed.
inline constexpr Timestamp no_watermark = Timestamp::min();
/// The watermark at which all windows are closed.
inline constexpr Timestamp end_of_time = Timestamp::max();

/// The key by which rows are grouped: up to three strings.
struct GroupKey {
    StringId first = 0;
    StringId second = 0;
    StringId third = 0;

    friend bool operator==(const GroupKey&, const GroupKey&) = default;
    template <class Archive>
    void serialize(Archive& archive) {
        archive(first, second, third);
    }
};
struct GroupKeyHash {
    using is_avalanching = void;
    std::size_t operator()(const GroupKey& key) const {
        return combine(key.first | std::uint64_t{key.second} << 32U, key.third);
    }
};

/// Tumbling windows with one cell for each group. A window is closed when the watermark reaches its end, and
/// close() passes its cells to the caller. A closed window is dropped by forget(). If `kept` is not 0, it is
/// kept for that time and still takes events. Not thread-safe.
template <typename Cell>
class GroupedWindows {
  public:
    using Cells = boost::unordered_flat_map<GroupKey, Cell, GroupKeyHash>;

    GroupedWindows(Grain grain, model::TimeZone zone, base::Duration kept = {})
        : grain_(grain), zone_(std::move(zone)), kept_(kept) {}
    GroupedWindows(const GroupedWindows& other)
        : grain_(other.grain_),
          zone_(other.zone_),
          kept_(other.kept_),
          closed_(other.closed_),
          panes_(other.panes_) {}
    GroupedWindows& operator=(const GroupedWindows&) = delete;

    /// Returns the cell for an event, or nullptr if its window was dropped.
    Cell* cell(Timestamp time, const GroupKey& key) {
        if (last_ == nullptr || !last_->window.contains(time)) {
            const Window window = window_at(grain_, time, zone_);
            if (forgotten(window)) return nullptr;
            last_ = &panes_[window.start];
            last_->window = window;
        }
        if (remembered_) remember_cell(key);
        return &last_->cells[key];
    }
    /// Remembers the cells, so that restore() returns to them. In between, only cell() may change anything.
    /// The cost is a copy of each cell that is used.
    void remember() { remembered_.emplace(); }
    void restore() {
        for (auto& [start, cells] : *remembered_) {
            const auto pane = panes_.find(start);
            for (auto& [key, cell] : cells) {
                if (cell) {
                    pane->second.cells.insert_or_assign(key, std::move(*cell));
                } else {
                    pane->second.cells.erase(key);
                }
            }
            if (pane->second.cells.empty()) panes_.erase(pane);
        }
        last_ = nullptr;
        remembered_.reset();
    }
    /// Returns true if the window of an event at this time is closed.
    [[nodiscard]] bool is_late(Timestamp time) const {
        if (last_ != nullptr && last_->window.contains(time)) return last_->window.end <= closed_;
        return window_at(grain_, time, zone_).end <= closed_;
    }
    /// Closes the windows that end at or before `watermark`, and calls `visit(window, cells)` for each of
    /// them in order.
    template <typename Visit>
    void close(Timestamp watermark, Visit&& visit) {
        if (watermark <= closed_) return;
        for (const auto& [start, pane] : panes_) {
            if (pane.window.end > watermark) break;
            if (pane.window.end > closed_) visit(pane.window, pane.cells);
        }
        closed_ = watermark;
    }
    /// Drops the closed windows that need not be kept.
    void forget() {
        while (!panes_.empty() && forgotten(panes_.begin()->second.window)) {
            last_ = nullptr;
            panes_.erase(panes_.begin());
        }
    }
    /// All windows that end at or before this time are closed.
    [[nodiscard]] Timestamp closed() const { return closed_; }
    /// Calls `visit(window, cells)` for all windows in order, including closed ones that are kept.
    template <typename Visit>
    void each(Visit&& visit) const {
        for (const auto& [start, pane] : panes_) visit(pane.window, pane.cells);
    }
    /// Calls `change(cells)` for all windows.
    template <typename Change>
    void change_each(Change&& change) {
        for (auto& [start, pane] : panes_) change(pane.cells);
    }
    /// Returns the cells of the window that begins at `start`, or nullptr.
    [[nodiscard]] const Cells* at(Timestamp start) const {
        const auto found = panes_.find(start);
        return found == panes_.end() ? nullptr : &found->second.cells;
    }
    /// The number of cells of all windows.
    [[nodiscard]] std::size_t size() const {
        std::size_t cells = 0;
        for (const auto& [start, pane] : panes_) cells += pane.cells.size();
        return cells;
    }
    [[nodiscard]] const model::TimeZone& zone() const { return zone_; }
    [[nodiscard]] Grain grain() const { return grain_; }

    template <class Archive>
    void save(Archive& archive) const {
        archive(closed_, panes_.size());
        for (const auto& [start, pane] : panes_) {
            archive(pane.window.start, pane.window.end, pane.cells.size());
            for (const auto& [key, cell] : pane.cells) archive(key, cell);
        }
    }
    template <class Archive>
    void load(Archive& archive) {
        std::size_t panes = 0;
        archive(closed_, panes);
        for (; panes > 0; --panes) {
            Pane pane;
            std::size_t cells = 0;
            archive(pane.window.start, pane.window.end, cells);
            for (; cells > 0; --cells) {
                std::pair<GroupKey, Cell> entry;
                archive(entry.first, entry.second);
                pane.cells.insert(std::move(entry));
            }
            panes_.emplace(pane.window.start, std::move(pane));
        }
    }

  private:
    struct Pane {
        Window window;
        Cells cells;
    };

    /// Copies a cell of the last window before it changes for the first time.
    void remember_cell(const GroupKey& key) {
        const auto [copy, is_first] = (*remembered_)[last_->window.start].try_emplace(key);
        if (!is_first) return;
        if (const auto found = last_->cells.find(key); found != last_->cells.end())
            copy->second = found->second;
    }
    [[nodiscard]] bool forgotten(Window window) const {
        return closed_ >= kept_ + no_watermark && window.end <= closed_ - kept_;
    }

    Grain grain_;
    model::TimeZone zone_;
    base::Duration kept_;
    Timestamp closed_ = no_watermark;
    std::map<Timestamp, Pane> panes_;
    Pane* last_ = nullptr;  // the window of the previous event
    // The cells as they were before they were used, by the start of their window; nothing for a new cell.
    using Remembered = boost::unordered_flat_map<GroupKey, std::optional<Cell>, GroupKeyHash>;
    std::optional<std::map<Timestamp, Remembered>> remembered_;
};

/// The longest window that can begin on one day and end on the next.
inline constexpr base::Duration max_window_length = std::chrono::hours(1);

}  // namespace millrace::gold
