#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "bronze/event_log.h"
#include "layers/layer_reader.h"

namespace millrace::layers {

/// Reads bronze, the log's records.
class LogReader : public LayerReader {
  public:
    using OpenLog = std::function<std::unique_ptr<bronze::EventLog>()>;
    /// `open_log` is called by each function that reads records.
    explicit LogReader(OpenLog open_log) : open_log_(std::move(open_log)) {}

    [[nodiscard]] std::vector<storage::TableColumn> columns() const override;
    [[nodiscard]] std::int64_t count() const override;
    /// Throws a usage Error for a column other than `partition`.
    [[nodiscard]] ValueCounts count_by(const storage::TableColumn& column) const override;
    [[nodiscard]] Rows newest(const std::vector<storage::TableColumn>& columns, std::int64_t limit,
                              base::Duration last) const override;

  private:
    const OpenLog open_log_;
};

}  // namespace millrace::layers
