#include "produce/occurrences.h"

#include <xxhash.h>

#include "produce/line_reader.h"

namespace millrace::produce {

namespace {

std::uint64_t hash_of(std::string_view line) {
    return XXH3_64bits(line.data(), line.size());
}

}  // namespace

std::int64_t Occurrences::count(model::Timestamp time, std::string_view line, std::int64_t line_number) {
    if (rising_ && time < latest_) {
        rising_ = false;
        read_lines_before(line_number);
    }
    if (rising_ && time > latest_) {
        counts_.clear();
        latest_ = time;
    }
    return counts_[hash_of(line)]++;
}

void Occurrences::read_lines_before(std::int64_t line_number) {
    counts_.clear();
    LineReader reader(file_);
    std::string_view line;
    while (reader.next(line) && reader.line_number() < line_number) ++counts_[hash_of(line)];
}

}  // namespace millrace::produce
