-- Records that broke a validation rule, the newest first.
select topic || '/' || log_epoch || '/' || partition || '/' || "offset" || '/' || coalesce(record_index, 0) as position, partition, "offset",
       coalesce(record_index, 0) as record_index, epoch_ms(kafka_timestamp) as logged, rule, field, message,
       try(decode(value)) as value, octet_length(value) as bytes, epoch_ms(quarantined_at) as quarantined
from quarantine
where $rule = '' or rule = $rule
order by quarantined_at desc, partition, "offset" desc, record_index
limit $limit
