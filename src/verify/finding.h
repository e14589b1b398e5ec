#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "verify/verify_report.h"

namespace millrace::verify {

/// Counts the faults that one check finds, and keeps the description of the first one.
class Finding {
  public:
    /// `name` is the name of the check.
    explicit Finding(std::string name) : name_(std::move(name)) {}

    void fault(std::string detail) {
        if (faults_++ == 0) first_ = std::move(detail);
    }
    /// Counts a fault unless `holds`; `describe` makes its description.
    void require(bool holds, auto&& describe) {
        if (!holds) [[unlikely]]
            fault(describe());
    }
    /// The check's outcome; `counted` is its detail when there was no fault.
    [[nodiscard]] Check check(std::string counted) const;

  private:
    std::string name_;
    std::string first_;
    std::int64_t faults_ = 0;
};

}  // namespace millrace::verify
