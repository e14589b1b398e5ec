#include "base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/dup_filter_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>

#include <chrono>
#include <cstdio>
#include <memory>

#include "base/error.h"
#include "base/json.h"

namespace millrace::base {

namespace {

constexpr std::chrono::seconds repeat_interval{5};

/// Formats the message as a JSON string. spdlog's own pattern would leave it unescaped.
class JsonMessage : public spdlog::custom_flag_formatter {
  public:
    void format(const spdlog::details::log_msg& message, const std::tm& /*time*/,
                spdlog::memory_buf_t& into) override {
        const std::string text =
            json::serialize(json::value(json::string_view(message.payload.data(), message.payload.size())));
        into.append(text.data(), text.data() + text.size());
    }
    [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
        return std::make_unique<JsonMessage>();
    }
};

}  // namespace

void tell(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
}

void start_log(std::string_view format, bool quiet) {
    if (format != "text" && format != "json")
        throw usage_error("starting the log", "--log takes text or json");
    // A message that repeats a thousand times a second, as on a full disk, is logged once, followed by a
    // count.
    auto filter = std::make_shared<spdlog::sinks::dup_filter_sink_mt>(repeat_interval);
    filter->add_sink(std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    auto logger = std::make_shared<spdlog::logger>("millrace", std::move(filter));
    if (format == "json") {
        auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
        formatter->add_flag<JsonMessage>('J');
        formatter->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":%J})");
        logger->set_formatter(std::move(formatter));
    } else {
        logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %^%l%$ %v");
    }
    logger->set_level(quiet ? spdlog::level::warn : spdlog::level::info);
    logger->flush_on(spdlog::level::info);
    spdlog::set_default_logger(std::move(logger));
}

}  // namespace millrace::base
