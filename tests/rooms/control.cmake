# Live control of a run; the whole of it over the wire: run_control (verbs.cmake).
mailfrom_test(control/address USES control)
mailfrom_test(control/orders USES control)
