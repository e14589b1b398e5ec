#include "serve/metrics_text.h"

#include <fmt/format.h>

namespace millrace::serve {

namespace {

std::string escaped(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (c == '\\' || c == '"') result += '\\';
        if (c == '\n') {
            result += "\\n";
        } else {
            result += c;
        }
    }
    return result;
}

}  // namespace

void MetricsText::announce(std::string_view name, std::string_view help, std::string_view type) {
    name_ = name;
    text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void MetricsText::counter(std::string_view name, std::string_view help) {
    announce(name, help, "counter");
}

void MetricsText::gauge(std::string_view name, std::string_view help) {
    announce(name, help, "gauge");
}

void MetricsText::value(double value, const Labels& labels) {
    text_ += name_;
    for (std::size_t i = 0; i < labels.size(); ++i)
        text_ += fmt::format("{}{}=\"{}\"", i == 0 ? "{" : ",", labels[i].first, escaped(labels[i].second));
    text_ += fmt::format("{} {}\n", labels.empty() ? "" : "}", value);
}

}  // namespace millrace::serve
