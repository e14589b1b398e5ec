#pragma once

#include "model/alert.h"

namespace millrace::model {

template <class Archive>
void serialize(Archive& archive, Alert& alert) {
    archive(alert.sequence, alert.id, alert.rule, alert.subject, alert.state, alert.severity, alert.at,
            alert.started_at, alert.value, alert.threshold, alert.unit, alert.message);
}

}  // namespace millrace::model
