#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "serve/http_message.h"

namespace millrace::api {

/// Returns the response of the routes to a request, as a server gives it.
inline serve::HttpResponse ask(const std::vector<serve::Route>& routes, const serve::HttpRequest& request) {
    serve::Dispatch found = serve::find_route(request, routes);
    if (found.refused) return std::move(*found.refused);
    const auto response = std::make_shared<std::promise<serve::HttpResponse>>();
    auto given = response->get_future();
    (*found.handle)(std::make_shared<serve::HttpRequest>(request),
                    [response](serve::HttpResponse each) { response->set_value(std::move(each)); });
    if (given.wait_for(std::chrono::seconds(30)) != std::future_status::ready) {
        ADD_FAILURE() << request.method << " " << request.path << " has no response";
        return {.status = 0};
    }
    return given.get();
}

/// Returns the value of a response's header, or an empty string.
inline std::string header_of(const serve::HttpResponse& response, const std::string& name) {
    for (const auto& [each, value] : response.headers) {
        if (each == name) return value;
    }
    return "";
}

}  // namespace millrace::api
