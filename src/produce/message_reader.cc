#include "produce/message_reader.h"

#include <algorithm>

#include "base/error.h"
#include "bronze/record.h"

namespace millrace::produce {

namespace {

std::string_view without_byte_order_mark_of(std::string_view line) {
    if (line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
    return line;
}

/// Returns whether brackets are balanced in a line, and so its value ends in it.
bool is_whole(std::string_view line) {
    std::size_t depth = 0;
    bool in_string = false;
    for (std::size_t at = 0; at < line.size(); ++at) {
        const char c = line[at];
        if (in_string) {
            if (c == '\\') ++at;
            if (c == '"') in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            ++depth;
        } else if ((c == '}' || c == ']') && depth > 0) {
            --depth;
        }
    }
    return depth == 0 && !in_string;
}

}  // namespace

MessageReader::MessageReader(const std::filesystem::path& file, FileFormat format) : lines_(file) {
    if (columns_of(format).empty()) {
        reads_values_ = has_values(file);
        return;
    }
    std::string_view line;
    header_ = check_header(format, lines_.next(line) ? line : std::string_view(), file);
}

/// Returns whether the file's JSON is an array, or has objects of several lines. A first line that is not
/// whole is a damaged message if the second line begins another one.
bool MessageReader::has_values(const std::filesystem::path& file) {
    LineReader lines(file);
    std::string_view line;
    do {
        if (!lines.next(line)) return false;
        line = without_byte_order_mark_of(line);
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    } while (line.empty());
    if (line.starts_with('[')) return true;
    if (!line.starts_with('{') || is_whole(line)) return false;
    return lines.next(line) && !line.starts_with('{');
}

bool MessageReader::next(std::string_view& message) {
    return reads_values_ ? next_value(message) : next_line(message);
}

bool MessageReader::next_line(std::string_view& line) {
    while (lines_.next(line)) {
        if (lines_.line_number() == 1) line = without_byte_order_mark_of(line);
        if (!line.empty()) return true;
    }
    return false;
}

/// Returns the end of the value that begins at `at_`, or npos if it does not end in the text from `from` on,
/// which is the part that was not looked at.
std::size_t MessageReader::end_of_value(std::size_t from) {
    for (std::size_t at = from; at < text_.size(); ++at) {
        const char c = text_[at];
        if (nesting_.in_string) {
            if (!nesting_.escaped && c == '"') nesting_.in_string = false;
            nesting_.escaped = !nesting_.escaped && c == '\\';
        } else if (c == '"') {
            nesting_.in_string = true;
        } else if (c == '{' || c == '[') {
            ++nesting_.depth;
        } else if ((c == '}' || c == ']') && nesting_.depth > 0) {
            --nesting_.depth;
            if (nesting_.depth == 0) return at + 1;
        }
    }
    return std::string::npos;
}

/// Elements of an array that are no objects are skipped with what stands between values.
bool MessageReader::next_value(std::string_view& value) {
    nesting_ = {};
    std::size_t seen = std::string::npos;  // how far the value was looked at; npos: it has not begun
    for (;;) {
        if (seen == std::string::npos) {
            at_ = std::min(text_.find('{', at_), text_.size());
            if (at_ < text_.size()) seen = at_;
        }
        const std::size_t end = seen == std::string::npos ? seen : end_of_value(seen);
        if (end != std::string::npos) {
            text_.reserve(text_.size() + bronze::record_padding);
            value = std::string_view(text_).substr(at_, end - at_);
            at_ = end;
            return true;
        }
        text_.erase(0, at_);  // what was given out
        at_ = 0;
        if (seen != std::string::npos) seen = text_.size();
        std::string_view line;
        if (!lines_.next(line)) break;
        text_.append(line).append(1, '\n');
        if (text_.size() > bronze::max_record_bytes)
            throw Error("reading a JSON value", "it has more bytes than a record may have",
                        "Check that the file is JSON whose values end.");
    }
    if (text_.empty()) return false;
    text_.reserve(text_.size() + bronze::record_padding);
    value = text_;  // it has no end: a damaged message
    at_ = text_.size();
    return true;
}

}  // namespace millrace::produce
