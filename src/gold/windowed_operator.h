#pragma once

#include <initializer_list>
#include <vector>

#include "gold/operator.h"

namespace millrace::gold {

/// An operator whose state is tumbling windows with one cell for each group, at one or more grains.
template <typename Cell>
class WindowedOperator : public Operator {
  public:
    WindowedOperator(const Strings& strings, const model::TimeZone& zone, std::initializer_list<Grain> grains)
        : Operator(strings) {
        for (const Grain grain : grains) grains_.emplace_back(grain, zone);
    }

    void close(Timestamp watermark, Output& output) override {
        for (Windows& windows : grains_) {
            windows.close(watermark,
                          [&](Window window, const Cells& cells) { write(output, windows, window, cells); });
            windows.forget();
        }
    }
    void remember() override {
        Operator::remember();
        for (Windows& windows : grains_) windows.remember();
    }
    void restore() override {
        Operator::restore();
        for (Windows& windows : grains_) windows.restore();
    }
    void peek(Output& output) const override {
        for (const Windows& windows : grains_) {
            windows.each([&](Window window, const Cells& cells) { write(output, windows, window, cells); });
        }
    }
    [[nodiscard]] std::size_t open_rows() const override {
        std::size_t rows = 0;
        for (const Windows& windows : grains_) rows += windows.size();
        return rows;
    }
    void mark(Marks& marks) const override {
        for (const Windows& windows : grains_) {
            windows.each([&](Window, const Cells& cells) {
                for (const auto& [key, cell] : cells) mark_key(marks, key);
            });
        }
    }

    template <class Archive>
    void serialize(Archive& archive) {
        serialize_late(archive);
        for (Windows& windows : grains_) archive(windows);
    }

  protected:
    using Windows = GroupedWindows<Cell>;
    using Cells = typename Windows::Cells;

    /// Writes the rows of a window.
    virtual void write(Output& output, const Windows& windows, Window window, const Cells& cells) const = 0;
    /// Marks the strings of a group.
    virtual void mark_key(Marks& marks, const GroupKey& key) const = 0;

    /// Calls `update(cell)` for the window of the event, or counts the event as late if the window is closed.
    template <typename Update>
    void add_to(Windows& windows, const Event& event, const GroupKey& key, Update&& update) {
        if (Cell* cell = windows.cell(event.time, key)) {
            update(*cell);
        } else {
            count_late();
        }
    }
    [[nodiscard]] std::vector<Windows>& grains() { return grains_; }

  private:
    std::vector<Windows> grains_;
};

}  // namespace millrace::gold
