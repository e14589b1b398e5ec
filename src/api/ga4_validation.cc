#include "api/ga4_validation.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace millrace::api {

namespace json = boost::json;

namespace {

constexpr std::size_t max_events = 25;
constexpr std::size_t max_params = 25;
constexpr std::size_t max_items = 200;
constexpr std::size_t max_name_length = 40;
constexpr std::size_t max_value_length = 100;

class Validation {
  public:
    void note(std::string path, std::string description, std::string_view code) {
        messages_.push_back({{"fieldPath", path}, {"description", description}, {"validationCode", code}});
    }

    void check_sender(std::string_view shared) {
        boost::system::error_code fault;
        const json::value parsed = json::parse(shared.empty() ? "{}" : shared, fault);
        const auto has = [&](const char* name) {
            const auto* value = parsed.is_object() ? parsed.get_object().if_contains(name) : nullptr;
            return value != nullptr && value->is_string() && !value->get_string().empty();
        };
        if (!fault && !has("client_id") && !has("app_instance_id"))
            note("client_id", "The request has neither client_id nor app_instance_id.", "VALUE_REQUIRED");
    }

    void check_name(const std::string& path, std::string_view name) {
        const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
        const bool valid = !name.empty() && is_letter(name[0]) && std::ranges::all_of(name, [&](char c) {
            return is_letter(c) || (c >= '0' && c <= '9') || c == '_';
        });
        if (!valid)
            note(path,
                 fmt::format("The name {} must begin with a letter, and have only letters, digits and _.",
                             name),
                 "NAME_INVALID");
        if (name.size() > max_name_length)
            note(path, fmt::format("The name {} has more than {} characters.", name, max_name_length),
                 "NAME_INVALID");
    }

    void check_event(std::size_t number, std::string_view text) {
        const std::string path = fmt::format("events[{}]", number);
        boost::system::error_code fault;
        const json::value parsed = json::parse(text, fault);
        if (fault || !parsed.is_object()) return;  // listed with what Silver would quarantine
        const json::object& event = parsed.get_object();
        if (const auto* name = event.if_contains("name"); name != nullptr && name->is_string())
            check_name(path + ".name", name->get_string());
        const auto* params = event.if_contains("params");
        if (params != nullptr && params->is_object()) check_params(path + ".params", params->get_object());
    }

    [[nodiscard]] json::array take() { return std::move(messages_); }

  private:
    void check_params(const std::string& path, const json::object& params) {
        if (params.size() > max_params)
            note(path, fmt::format("The event has more than {} parameters.", max_params),
                 "EXCEEDED_MAX_ENTITIES");
        for (const auto& [name, value] : params) {
            const std::string at = path + "." + std::string(name);
            check_name(at, name);
            if (value.is_string() && value.get_string().size() > max_value_length &&
                name != "page_location" && name != "page_referrer" && name != "page_title")
                note(at, fmt::format("The value has more than {} characters.", max_value_length),
                     "VALUE_INVALID");
        }
        const auto* items = params.if_contains("items");
        if (items != nullptr && items->is_array() && items->get_array().size() > max_items)
            note(path + ".items", fmt::format("The event has more than {} items.", max_items),
                 "EXCEEDED_MAX_ENTITIES");
    }

    json::array messages_;
};

}  // namespace

serve::HttpResponse ga4_validation(const ReadRequest& request) {
    Validation validation;
    validation.check_sender(request.origin.shared);
    if (request.messages.size() > max_events)
        validation.note("events", fmt::format("The request has more than {} events.", max_events),
                        "EXCEEDED_MAX_ENTITIES");
    for (std::size_t i = 0; i < request.messages.size(); ++i)
        validation.check_event(i, request.messages[i].value);
    for (const json::value& each : request.invalid) {
        const std::string field(each.at("field").as_string());
        validation.note(fmt::format("events[{}]{}{}", each.at("index").to_number<std::int64_t>(),
                                    field.empty() ? "" : ".", field),
                        std::string(each.at("message").as_string()), "VALUE_INVALID");
    }
    return {.body = json::serialize(json::object{{"validationMessages", validation.take()}}) + "\n"};
}

}  // namespace millrace::api
