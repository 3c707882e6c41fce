# Notifications on their way out: files, programs, servers, queues.
mailfrom_test(notify/outlet USES notify)
mailfrom_test(notify/events_file USES notify)
mailfrom_test(notify/hook USES notify)
mailfrom_test(notify/target USES notify wire_servers)
mailfrom_test(notify/notifier USES notify wire_servers)

# Each output has a thread.
set_tests_properties(notify_outlet notify_notifier PROPERTIES LABELS "notify;threads")
