#include <fmt/format.h>
#include <simdjson.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <utility>

#include "base/error.h"
#include "bronze/record.h"
#include "model/timestamp.h"
#include "base/csv_line.h"
#include "produce/event_text.h"
#include "produce/importer.h"
#include "produce/line_reader.h"

namespace millrace::produce {

namespace fs = std::filesystem;

namespace {

/// Returns `prefix` and 32 hexadecimal digits of the hash of the line and its occurrence.
std::string derived_id(std::string_view prefix, std::string_view line, std::int64_t occurrence) {
    const XXH128_hash_t hash =
        XXH3_128bits_withSeed(line.data(), line.size(), static_cast<XXH64_hash_t>(occurrence));
    return fmt::format("{}-{:016x}{:016x}", prefix, hash.high64, hash.low64);
}

/// Returns whether the text is a number as JSON has it.
bool is_number(std::string_view text) {
    const auto take_digits = [&text] {
        const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
        text.remove_prefix(digits);
        return digits > 0;
    };
    if (text.starts_with('-')) text.remove_prefix(1);
    if (text.starts_with('0')) {
        text.remove_prefix(1);
    } else if (!take_digits()) {
        return false;
    }
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        if (!take_digits()) return false;
    }
    if (text.starts_with('e') || text.starts_with('E')) {
        text.remove_prefix(1);
        if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
        if (!take_digits()) return false;
    }
    return text.empty();
}

using ColumnNames = std::span<const std::string_view>;

constexpr std::array<std::string_view, 7> rees46_columns = {
    "event_time", "event_type", "product_id", "category_code", "price", "user_id", "user_session"};
constexpr std::array<std::string_view, 5> retailrocket_columns = {"timestamp", "visitorid", "event", "itemid",
                                                                  "transactionid"};
constexpr std::array<std::string_view, 2> price_columns = {"product_id", "price"};

std::string_view without_byte_order_mark(std::string_view line) {
    if (line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
    return line;
}

/// The positions of the wanted columns in a CSV file, from its header.
class CsvColumns {
  public:
    CsvColumns(std::string_view format, ColumnNames names) : format_(format), names_(names) {}

    void read_header(std::string_view line, const fs::path& file) {
        std::vector<std::string_view> fields;
        std::string scratch;
        base::split_csv(without_byte_order_mark(line), fields, scratch);
        count_ = fields.size();
        places_.clear();
        for (const std::string_view name : names_) {
            const auto found = std::ranges::find(fields, name);
            if (found == fields.end()) {
                throw usage_error(fmt::format("importing {} as {}", file.string(), format_),
                                  fmt::format("its first line has no column {}", name),
                                  fmt::format("The columns are: {}.", fmt::join(names_, ",")));
            }
            places_.push_back(static_cast<std::size_t>(found - fields.begin()));
        }
    }
    /// Splits a line. Returns false if its number of fields differs from that of the header.
    bool split(std::string_view line) {
        return base::split_csv(line, fields_, scratch_) && fields_.size() == count_;
    }
    [[nodiscard]] std::string_view operator[](std::size_t column) const { return fields_[places_[column]]; }

  private:
    std::string_view format_;
    ColumnNames names_;
    std::vector<std::size_t> places_;
    std::size_t count_ = 0;
    std::vector<std::string_view> fields_;
    std::string scratch_;
};

/// Converts lines that are events already. It only reads the key and the time from them.
class EventsConverter : public RowConverter {
  public:
    void header(std::string_view /*line*/, const fs::path& /*file*/) override {}
    [[nodiscard]] bool has_header() const override { return false; }
    bool convert(std::string_view line, std::int64_t /*occurrence*/, Row& row) override {
        row = {{}, line, {}, false};
        simdjson::ondemand::document document;
        const simdjson::padded_string_view padded(line.data(), line.size(),
                                                  line.size() + bronze::record_padding);
        std::string_view user;
        if (parser_.iterate(padded).get(document) || document["user_id"].get_string().get(user)) return false;
        user_.assign(user);
        row.key = user_;
        std::string_view time;
        if (!document["timestamp"].get_string().get(time))
            row.time = model::parse_timestamp(time).value_or(model::Timestamp());
        return true;
    }

  private:
    simdjson::ondemand::parser parser_;
    std::string user_;
};

class Rees46Converter : public RowConverter {
  public:
    void header(std::string_view line, const fs::path& file) override { columns_.read_header(line, file); }
    [[nodiscard]] bool has_header() const override { return true; }
    bool convert(std::string_view line, std::int64_t occurrence, Row& row) override {
        if (!columns_.split(line)) return false;
        std::string time(columns_[0]);
        if (time.ends_with(" UTC")) time.replace(time.size() - 4, 4, "Z");
        const auto parsed = model::parse_timestamp(time);
        if (!parsed || !is_number(columns_[4])) return false;
        const std::string_view type = columns_[1];
        text_.begin();
        text_.plain("event_id", derived_id("rees46", line, occurrence));
        text_.text("user_id", columns_[5]);
        text_.text("event_type", type == "cart" ? "add_to_cart" : type);
        text_.plain("timestamp", model::format_timestamp(*parsed));
        text_.text("product_id", columns_[2]);
        text_.raw("price", columns_[4]);
        if (!columns_[6].empty()) text_.text("session_id", columns_[6]);
        if (!columns_[3].empty()) text_.text("product_category", columns_[3]);
        row = {columns_[5], text_.end(), *parsed, false};
        return true;
    }

  private:
    CsvColumns columns_{"rees46", rees46_columns};
    EventText text_;
};

class RetailrocketConverter : public RowConverter {
  public:
    explicit RetailrocketConverter(const fs::path& price_file) {
        if (!price_file.empty()) read_prices(price_file);
    }
    void header(std::string_view line, const fs::path& file) override { columns_.read_header(line, file); }
    [[nodiscard]] bool has_header() const override { return true; }
    bool convert(std::string_view line, std::int64_t occurrence, Row& row) override {
        if (!columns_.split(line)) return false;
        std::int64_t ms = 0;
        const std::string_view time = columns_[0];
        const auto [end, error] = std::from_chars(time.data(), time.data() + time.size(), ms);
        constexpr std::int64_t latest_ms = 253'402'300'799'999;  // end of the year 9999
        if (error != std::errc() || end != time.data() + time.size() || ms < 0 || ms > latest_ms)
            return false;
        const std::string_view type = columns_[2];
        const auto price = prices_.find(std::string(columns_[3]));
        text_.begin();
        text_.plain("event_id", derived_id("retailrocket", line, occurrence));
        text_.text("user_id", columns_[1]);
        text_.text("event_type", type == "addtocart"     ? "add_to_cart"
                                 : type == "transaction" ? "purchase"
                                                         : type);
        text_.plain("timestamp", model::format_timestamp(base::from_ms(ms)));
        text_.text("product_id", columns_[3]);
        if (price != prices_.end()) text_.raw("price", price->second);
        if (!columns_[4].empty()) text_.text("order_id", columns_[4]);
        row = {columns_[1], text_.end(), base::from_ms(ms), price == prices_.end()};
        return true;
    }

  private:
    void read_prices(const fs::path& file) {
        CsvColumns columns("prices", price_columns);
        LineReader reader(file);
        std::string_view line;
        if (reader.next(line)) columns.read_header(line, file);
        while (reader.next(line)) {
            if (line.empty()) continue;
            if (!columns.split(line) || !is_number(columns[1])) {
                throw usage_error(
                    fmt::format("reading {}", file.string()),
                    fmt::format("line {} is not a product_id and a price", reader.line_number()));
            }
            prices_[std::string(columns[0])] = columns[1];
        }
    }

    CsvColumns columns_{"retailrocket", retailrocket_columns};
    std::unordered_map<std::string, std::string> prices_;
    EventText text_;
};

/// Returns whether a CSV file's header has all of these columns.
bool has_columns(std::string_view header, ColumnNames wanted) {
    std::vector<std::string_view> fields;
    std::string scratch;
    return base::split_csv(header, fields, scratch) && std::ranges::all_of(wanted, [&](std::string_view name) {
               return std::ranges::find(fields, name) != fields.end();
           });
}

/// Returns the reason why a file with this first line has no known format.
std::string_view why_unknown(std::string_view line) {
    if (line.empty()) return "it is empty";
    if (line.starts_with('[')) return "it is a JSON array, not one event per line";
    return "its first line is neither an event nor a known header";
}

constexpr std::array<std::pair<ImportFormat, std::string_view>, 3> formats = {
    {{ImportFormat::events, "events"},
     {ImportFormat::rees46, "rees46"},
     {ImportFormat::retailrocket, "retailrocket"}}};

}  // namespace

ImportFormat parse_import_format(std::string_view name) {
    for (const auto& [format, known] : formats) {
        if (known == name) return format;
    }
    throw usage_error(fmt::format("reading the format \"{}\"", name),
                      "it must be events, rees46 or retailrocket");
}

std::string_view import_format_name(ImportFormat format) {
    return formats.at(static_cast<std::size_t>(format)).second;
}

ImportFormat detect_import_format(const fs::path& file) {
    LineReader reader(file);
    std::string_view line;
    while (reader.next(line) && line.empty()) {
    }
    line = without_byte_order_mark(line);
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (line.starts_with('{')) return ImportFormat::events;
    if (has_columns(line, rees46_columns)) return ImportFormat::rees46;
    if (has_columns(line, retailrocket_columns)) return ImportFormat::retailrocket;
    throw usage_error(fmt::format("detecting the format of {}", file.string()), why_unknown(line),
                      fmt::format("A file has one JSON event per line, or the columns {} (rees46) or {} "
                                  "(retailrocket).",
                                  fmt::join(rees46_columns, ","), fmt::join(retailrocket_columns, ",")));
}

std::unique_ptr<RowConverter> make_converter(const ImportOptions& options) {
    switch (options.format) {
        case ImportFormat::events:
            return std::make_unique<EventsConverter>();
        case ImportFormat::rees46:
            return std::make_unique<Rees46Converter>();
        case ImportFormat::retailrocket:
            return std::make_unique<RetailrocketConverter>(options.price_file);
    }
    return nullptr;
}

}  // namespace millrace::produce
