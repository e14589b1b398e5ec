#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/output/cell.h"
#include "storage/delta_table.h"
#include "storage/newest_rows.h"
#include "storage/table_columns.h"

namespace millrace::cli {

/// bronze, silver, quarantine, archive, and gold.TABLE for each of Gold's tables.
std::vector<std::string> layer_names();

/// The columns that the log's records are shown with.
const std::vector<storage::TableColumn>& bronze_columns();

/// The table of a layer other than bronze, the log. Throws a usage Error that names the command that makes
/// the table when there is none yet.
storage::DeltaTable open_layer(const Globals& globals, const std::string& layer);

/// The columns of the files of a layer's table.
std::shared_ptr<arrow::Schema> layer_columns(const std::string& layer);

/// Says on stderr why a gold table has no rows, and when it will, where it has none.
void tell_why_empty(const Globals& globals, const std::string& layer);

/// How a layer's column is shown: gold tables' whole numbers are counts.
TextColumn shown_column(const std::string& layer, const storage::TableColumn& column);

/// How a table's rows are ordered: by the time of the event or window, newest first, and of one time by the
/// place in the log, last first, or by what tells a gold table's rows apart.
storage::NewestRows newest_of(const std::string& layer);

/// The layer's column of this name. Throws a usage Error that lists the columns when there is none.
const storage::TableColumn& column_of(const std::string& layer,
                                      const std::vector<storage::TableColumn>& columns,
                                      const std::string& name);

}  // namespace millrace::cli
