# Servers on loopback for the tests of the wire to talk to.
add_library(wire_servers STATIC wire/dns_server.c)
target_include_directories(wire_servers PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(wire_servers PRIVATE Threads::Threads)

mailfrom_test(wire_resolver USES wire wire_servers)
