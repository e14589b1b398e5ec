-- Records that broke a validation rule, the newest first.
select topic || '/' || log_epoch || '/' || partition || '/' || "offset" as position, partition, "offset", epoch_ms(kafka_timestamp) as logged, rule, field, message,
       try(decode(value)) as value, octet_length(value) as bytes, epoch_ms(quarantined_at) as quarantined
from quarantine
where $rule = '' or rule = $rule
order by quarantined_at desc, partition, "offset" desc
limit $limit
