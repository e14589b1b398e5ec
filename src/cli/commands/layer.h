#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/output/cell.h"
#include "layers/layer_reader.h"
#include "storage/table_columns.h"

namespace millrace::cli {

/// A reader of the layer. Throws a usage Error that lists the layers for an unknown one, and one that names
/// the command that makes the table when there is none yet.
std::unique_ptr<layers::LayerReader> open_layer(const Globals& globals, const std::string& layer);

/// Says on stderr why a gold table has no rows, and when it will have some. Says nothing for a layer with
/// rows.
void tell_why_empty(const Globals& globals, const std::string& layer);

/// How a layer's column is shown: the integers of gold tables are counts.
TextColumn shown_column(const std::string& layer, const storage::TableColumn& column);

/// The layer's column of this name. Throws a usage Error that lists the columns when there is none.
const storage::TableColumn& column_of(const std::string& layer,
                                      const std::vector<storage::TableColumn>& columns,
                                      const std::string& name);

}  // namespace millrace::cli
