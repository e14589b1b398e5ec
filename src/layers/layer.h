#pragma once

#include <arrow/type_fwd.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalog/data_directory.h"
#include "gold/gold_tables.h"
#include "storage/newest_rows.h"

/// The layers of a data directory by name: bronze, silver, quarantine, archive, and gold.TABLE for each of
/// Gold's tables.
namespace millrace::layers {

std::vector<std::string> layer_names();

/// The gold table of a layer; nothing for another layer.
std::optional<gold::Table> gold_table(const std::string& layer);

/// A layer that is a Delta table.
struct TableLayer {
    std::string name;
    std::filesystem::path folder;                 ///< where the table lies
    std::string command;                          ///< makes the table
    std::shared_ptr<arrow::Schema> file_columns;  ///< the columns of its files, without partition columns
    /// How its rows are ordered: by the time of the event or window, newest first. Rows of one time are
    /// ordered by their place in the log, last first, or by the key of a gold table.
    storage::NewestRows order;
};
/// Nothing for bronze, which is a log, and for a name that no layer has.
std::optional<TableLayer> table_layer(const catalog::DataDirectory& data, const std::string& name);

}  // namespace millrace::layers
