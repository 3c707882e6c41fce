mailfrom_test(providers/route53 USES providers)
mailfrom_test(providers/cloudflare USES providers)
mailfrom_out_of_memory_test(providers/out_of_memory USES providers)
mailfrom_test(providers/rfc2136 USES providers)
mailfrom_test(providers/tsig_key USES providers)

# Requests to Route 53 as botocore makes them, and its answers as botocore reads them.
add_executable(route53_driver ${CMAKE_CURRENT_SOURCE_DIR}/wire/route53_driver.c)
target_link_libraries(route53_driver PRIVATE providers PkgConfig::libcjson)
add_test(NAME route53_oracle COMMAND /usr/bin/python3 -B
  ${CMAKE_CURRENT_SOURCE_DIR}/wire/route53_oracle.py $<TARGET_FILE:route53_driver> 400)
