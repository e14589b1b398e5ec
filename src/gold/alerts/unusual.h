#pragma once

#include <optional>

namespace millrace::gold {

/// What is usual for a value in a window. Values are counts or money; both are judged alike.
struct Usual {
    double mean = 0;  ///< the expected value
    /// Variance ÷ mean. For a count, it is the size of the bursts in which events come, at least 1.
    double dispersion = 1;
    /// The second lowest value (for a drop) or the second highest value (for a spike) of such windows in the
    /// weeks before: what has happened twice is usual.
    std::optional<double> extreme;
};

/// From when on a value is unusual.
struct UnusualLimits {
    bool below = true;       ///< true: values far below the mean; false: values far above it
    double share = 0;        ///< the value must be beyond this share of the mean to matter
    double probability = 0;  ///< a usual value is so far off with less than this probability
};

/// The comparison of a value with what is usual.
struct Comparison {
    double share = 0;      ///< value ÷ mean
    bool unusual = false;  ///< the value is beyond all limits
    Usual usual;
    UnusualLimits limits;

    /// The value from which on this is unusual, in the unit of the value.
    [[nodiscard]] double bound() const;
};

/// Compares a value with what is usual. It is unusual if it is improbable, matters, and is unprecedented.
/// Returns nothing if there is too little to judge: the mean is 0, or not even a value of 0 would be an
/// improbable drop, from the mean or from the value itself.
///
/// The probability of a low value is that of a Poisson distribution of bursts, P(X ≤ x) = Q(x/D + 1, m/D),
/// and that of a high value is that of a Gamma distribution, P(X ≥ x) = Q(m/D, x/D), with the mean m, the
/// dispersion D and the regularized upper incomplete gamma function Q.
[[nodiscard]] std::optional<Comparison> compare(double value, const Usual& usual,
                                                const UnusualLimits& limits);

}  // namespace millrace::gold
