"""SQL: functions, views, operators' queries."""
