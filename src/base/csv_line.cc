#include "base/csv_line.h"

namespace millrace::base {

namespace {

/// Takes a quoted field, from its opening quote on, off `line`. Returns false if the quote is not closed.
bool take_quoted(std::string_view& line, std::string& scratch, std::string_view& field) {
    const std::size_t start = scratch.size();
    for (std::size_t i = 1; i < line.size(); ++i) {
        if (line[i] != '"') {
            scratch += line[i];
        } else if (i + 1 < line.size() && line[i + 1] == '"') {
            scratch += line[i++];
        } else {
            line.remove_prefix(i + 1);
            field = std::string_view(scratch).substr(start);
            return line.empty() || line.front() == ',';
        }
    }
    return false;
}

}  // namespace

bool split_csv(std::string_view line, std::vector<std::string_view>& fields, std::string& scratch) {
    fields.clear();
    scratch.clear();
    scratch.reserve(line.size());  // views into it must stay valid
    for (;;) {
        std::string_view field;
        if (line.starts_with('"')) {
            if (!take_quoted(line, scratch, field)) return false;
        } else {
            field = line.substr(0, line.find(','));
            line.remove_prefix(field.size());
        }
        fields.push_back(field);
        if (line.empty()) return true;
        line.remove_prefix(1);
    }
}

}  // namespace millrace::base
