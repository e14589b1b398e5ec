#pragma once

#include <vector>

#include "layers/layer.h"
#include "layers/layer_reader.h"
#include "storage/delta_table.h"

namespace millrace::layers {

/// Reads a layer that is a Delta table.
class TableReader : public LayerReader {
  public:
    /// Opens the table. Throws a usage Error that names the command that makes it when there is none yet.
    explicit TableReader(TableLayer layer);

    [[nodiscard]] std::vector<storage::TableColumn> columns() const override;
    [[nodiscard]] std::int64_t count() const override;
    /// Throws a usage Error for a nested column.
    [[nodiscard]] ValueCounts count_by(const storage::TableColumn& column) const override;
    [[nodiscard]] Rows newest(const std::vector<storage::TableColumn>& columns, std::int64_t limit,
                              base::Duration last) const override;

  private:
    [[nodiscard]] std::int64_t rows_of(const storage::AddFile& file) const;

    const TableLayer layer_;
    const storage::DeltaTable table_;
};

}  // namespace millrace::layers
