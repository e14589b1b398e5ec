#include "verify/verify_report.h"

#include <algorithm>

namespace millrace::verify {

namespace json = boost::json;

bool VerifyReport::passed() const {
    return std::ranges::all_of(checks, &Check::passed);
}

json::object VerifyReport::to_json() const {
    json::array list;
    for (const Check& check : checks) {
        list.push_back(
            json::object{{"name", check.name}, {"passed", check.passed}, {"detail", check.detail}});
    }
    json::array note_list;
    for (const auto& note : notes) note_list.emplace_back(note);
    return {{"passed", passed()}, {"checks", std::move(list)}, {"notes", std::move(note_list)}};
}

}  // namespace millrace::verify
