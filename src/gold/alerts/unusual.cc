#include "gold/alerts/unusual.h"

#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>

namespace millrace::gold {

namespace {

/// Steadier values than this are taken for this steady; they then differ by 0.3%.
constexpr double max_bursts = 1e5;

/// Computes in double precision, and returns NaN instead of throwing: nothing is unusual then.
using Quiet = boost::math::policies::policy<
    boost::math::policies::promote_double<false>,
    boost::math::policies::domain_error<boost::math::policies::ignore_error>,
    boost::math::policies::overflow_error<boost::math::policies::ignore_error>,
    boost::math::policies::evaluation_error<boost::math::policies::ignore_error>>;

/// Q(a, x), also where the library's function is not defined.
double gamma_q(double a, double x) {
    if (a <= 0 || x > 10 * a + 1000) return 0;
    return x <= 0 ? 1 : boost::math::gamma_q(a, x, Quiet());
}

double probability_at_most(double value, const Usual& usual) {
    return gamma_q(std::max(value, 0.0) / usual.dispersion + 1, usual.mean / usual.dispersion);
}

double probability_at_least(double value, const Usual& usual) {
    return gamma_q(usual.mean / usual.dispersion, value / usual.dispersion);
}

bool is_unusual(double value, const Usual& usual, const UnusualLimits& limits) {
    const double relevant = limits.share * usual.mean;
    if (limits.below)
        return value < relevant && (!usual.extreme || value < *usual.extreme) &&
               probability_at_most(value, usual) < limits.probability;
    return value > relevant && (!usual.extreme || value > *usual.extreme) &&
           probability_at_least(value, usual) < limits.probability;
}

}  // namespace

double Comparison::bound() const {
    const double bursts = usual.mean / usual.dispersion;
    const double relevant = limits.share * usual.mean;
    if (limits.below) {
        const double improbable =
            usual.dispersion * (boost::math::gamma_q_inva(bursts, limits.probability, Quiet()) - 1);
        return std::max(0.0, std::min({relevant, improbable, usual.extreme.value_or(relevant)}));
    }
    const double improbable =
        usual.dispersion * boost::math::gamma_q_inv(bursts, limits.probability, Quiet());
    return std::max({relevant, improbable, usual.extreme.value_or(relevant)});
}

std::optional<Comparison> compare(double value, const Usual& given, const UnusualLimits& limits) {
    if (given.mean <= 0) return std::nullopt;
    Usual usual = given;
    usual.dispersion = std::max(usual.dispersion, usual.mean / max_bursts);
    const double most = std::max(usual.mean, value);
    if (limits.below && std::exp(-most / usual.dispersion) >= limits.probability) return std::nullopt;
    return Comparison{.share = value / usual.mean,
                      .unusual = is_unusual(value, usual, limits),
                      .usual = usual,
                      .limits = limits};
}

}  // namespace millrace::gold
