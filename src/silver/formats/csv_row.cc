#include "silver/formats/csv_row.h"

#include <algorithm>

#include "base/csv_line.h"
#include "base/json.h"

namespace millrace::silver {

bool CsvRow::read(std::string_view header, std::string_view line) {
    if (header_ != header || names_.empty()) {
        header_ = header;
        std::string_view line_of_names = header_;
        if (line_of_names.starts_with("\xEF\xBB\xBF")) line_of_names.remove_prefix(3);
        static_cast<void>(base::split_csv(line_of_names, names_, names_scratch_));
    }
    used_.assign(names_.size(), false);
    return base::split_csv(line, fields_, scratch_) && fields_.size() == names_.size();
}

std::optional<std::string_view> CsvRow::take(std::string_view column) {
    const auto found = std::ranges::find(names_, column);
    if (found == names_.end()) return std::nullopt;
    const auto place = static_cast<std::size_t>(found - names_.begin());
    used_[place] = true;
    const std::string_view field = fields_[place];
    return field.empty() ? std::nullopt : std::optional(field);
}

std::optional<std::string_view> CsvRow::left(TextArena& arena) const {
    std::string text;
    for (std::size_t i = 0; i < names_.size(); ++i) {
        if (used_[i] || fields_[i].empty()) continue;
        text += text.empty() ? "{" : ",";
        text += boost::json::serialize(boost::json::string_view(names_[i])) + ":" +
                boost::json::serialize(boost::json::string_view(fields_[i]));
    }
    if (text.empty()) return std::nullopt;
    text += '}';
    return arena.join({text});
}

}  // namespace millrace::silver
