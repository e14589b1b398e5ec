#include "produce/price_list.h"

#include <fmt/format.h>

#include "base/error.h"
#include "produce/line_reader.h"
#include "silver/formats/csv_row.h"
#include "silver/sent_number.h"

namespace millrace::produce {

PriceList::PriceList(const std::filesystem::path& file) {
    LineReader reader(file);
    std::string header;
    std::string_view line;
    if (reader.next(line)) header = line;
    silver::CsvRow row;
    while (reader.next(line)) {
        if (line.empty()) continue;
        const bool whole = row.read(header, line);
        const auto product = whole ? row.take("product_id") : std::nullopt;
        const auto price = whole ? row.take("price") : std::nullopt;
        if (!product || !price || !silver::SentNumber::of_json(*price)) {
            throw usage_error(
                fmt::format("reading {}", file.string()),
                fmt::format("line {} is not a product_id and a price", reader.line_number()),
                "The file's first line must be product_id,price, and each price a number such as 9.99.");
        }
        prices_.insert_or_assign(std::string(*product), std::string(*price));
    }
}

std::optional<std::string_view> PriceList::find(const std::string& product) const {
    const auto found = prices_.find(product);
    return found == prices_.end() ? std::nullopt : std::optional<std::string_view>(found->second);
}

}  // namespace millrace::produce
