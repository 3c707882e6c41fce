# Servers on loopback for the tests of the wire to talk to.
add_library(wire_servers STATIC wire/dns_server.c wire/web_certificate.c wire/web_server.c)
target_include_directories(wire_servers PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(wire_servers PRIVATE base Threads::Threads PkgConfig::openssl)

mailfrom_test(wire/parts USES wire)
mailfrom_test(wire/descriptors USES wire)
mailfrom_test(wire/departures USES wire)
mailfrom_test(wire/host_turns USES wire)
mailfrom_test(wire/dns_update USES wire)
mailfrom_test(wire/datagrams USES wire)
mailfrom_test(wire/https USES wire wire_servers LIBRARIES PkgConfig::libcurl) # the numbers of its errors
mailfrom_test(wire/blocking_client USES wire wire_servers)
mailfrom_test(wire/resolver USES wire wire_servers)
mailfrom_test(wire/unsent USES wire wire_servers)
target_link_options(test_wire_unsent PRIVATE -Wl,--wrap=sendmmsg)
mailfrom_test(wire/cares_loaded USES wire LIBRARIES PkgConfig::libcares) # whose version it plays
mailfrom_test(wire/refresher USES wire)
mailfrom_test(wire/key_vet USES wire)
mailfrom_test(wire/live USES wire wire_servers)
target_sources(test_wire_live PRIVATE wire/fixed_credentials.c)
mailfrom_out_of_memory_test(wire/out_of_memory USES wire wire_servers)
target_sources(test_wire_out_of_memory PRIVATE wire/fixed_credentials.c)
target_link_options(test_wire_out_of_memory PRIVATE -Wl,--wrap=eventfd,--wrap=thread_start)

# Names inspected at Knot DNS, and through unbound in front of it.
add_test(NAME inspect_knot COMMAND /usr/bin/python3 -B
  ${CMAKE_CURRENT_SOURCE_DIR}/wire/inspect_knot.py ${CMAKE_BINARY_DIR}/mailfrom)
set_tests_properties(inspect_knot PROPERTIES LABELS release)

# Every case of the SPF suite through the command line; some wait for a server that keeps silent.
add_test(NAME spf_suite COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/wire/spf_suite.py
  ${CMAKE_BINARY_DIR}/mailfrom ${CMAKE_CURRENT_SOURCE_DIR}/data/spf/rfc7208-tests.yml)
set_tests_properties(spf_suite PROPERTIES LABELS release TIMEOUT 120)

# Records noticed as soon as they are published, whatever may be remembered of their absence.
add_test(NAME run_fresh_dns COMMAND /usr/bin/python3 -B
  ${CMAKE_CURRENT_SOURCE_DIR}/wire/run_fresh_dns.py ${CMAKE_BINARY_DIR}/mailfrom ${CMAKE_BINARY_DIR}/ses-sim)
set_tests_properties(run_fresh_dns PROPERTIES LABELS release TIMEOUT 180)

# Records written in each format, read by that format's own reader, and taken by Knot DNS.
add_test(NAME records_updates COMMAND /usr/bin/python3 -B
  ${CMAKE_CURRENT_SOURCE_DIR}/wire/records_updates.py ${CMAKE_BINARY_DIR}/mailfrom)
set_tests_properties(records_updates PROPERTIES LABELS release TIMEOUT 180)
add_test(NAME records_knot COMMAND /usr/bin/python3 -B
  ${CMAKE_CURRENT_SOURCE_DIR}/wire/records_knot.py ${CMAKE_BINARY_DIR}/mailfrom ${CMAKE_BINARY_DIR}/ses-sim)
set_tests_properties(records_knot PROPERTIES LABELS release TIMEOUT 180)

# Not tests: they need a DNS server on loopback with the zones d0.test, d1.test, ...
add_executable(bench_ares_loop bench/ares_loop.c)
target_link_libraries(bench_ares_loop PRIVATE wire_dns)
add_executable(bench_wire_dns bench/wire_dns.c)
target_link_libraries(bench_wire_dns PRIVATE wire)
add_executable(bench_wire_https bench/wire_https.c wire/fixed_credentials.c)
target_link_libraries(bench_wire_https PRIVATE wire wire_servers)

# Updates of DNS at Knot DNS and BIND, and at servers that break off or answer with a false signature.
add_executable(update_driver wire/update_driver.c)
target_link_libraries(update_driver PRIVATE wire)
add_test(NAME update_servers COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/wire/update_servers.py
  $<TARGET_FILE:update_driver> $<TARGET_FILE:wall_clock>)
set_tests_properties(update_servers PROPERTIES LABELS release TIMEOUT 60)
