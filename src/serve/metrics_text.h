#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::serve {

/// Metrics in Prometheus's text format, version 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/). Not thread-safe.
class MetricsText {
  public:
    using Labels = std::vector<std::pair<std::string_view, std::string>>;

    /// Announces a counter, which only increases. Its name must end in `_total`.
    void counter(std::string_view name, std::string_view help);
    void gauge(std::string_view name, std::string_view help);
    /// Adds a value of the metric that was announced last.
    void value(double value, const Labels& labels = {});

    [[nodiscard]] const std::string& text() const { return text_; }
    static constexpr const char* content_type = "text/plain; version=0.0.4; charset=utf-8";

  private:
    void announce(std::string_view name, std::string_view help, std::string_view type);

    std::string text_;
    std::string name_;
};

}  // namespace millrace::serve
