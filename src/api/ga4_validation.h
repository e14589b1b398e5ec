#pragma once

#include "api/request_reader.h"
#include "serve/http.h"

namespace millrace::api {

/// Answers a request to /debug/mp/collect as Google's validation server does: `validationMessages`, each with
/// `fieldPath`, `description` and `validationCode`; none if all is well. It checks the limits of the
/// Measurement Protocol
/// (https://developers.google.com/analytics/devguides/collection/protocol/ga4/sending-events#limitations),
/// which Google applies in silence and Millrace does not apply, and lists what Silver would quarantine.
serve::HttpResponse ga4_validation(const ReadRequest& request);

}  // namespace millrace::api
