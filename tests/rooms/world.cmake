mailfrom_test(ses_model USES world)
mailfrom_test(world_parts USES world)
mailfrom_test(world_dns USES world)
mailfrom_scarcity_test(world_scarcity USES world)
mailfrom_test(world_thrift USES world engine)

# The simulated SES, held against AWS's own clients.
add_test(NAME sim_boto3 COMMAND /usr/bin/python3 -B
  ${CMAKE_CURRENT_SOURCE_DIR}/wire/sim_boto3.py $<TARGET_FILE:ses-sim>)
set_tests_properties(sim_boto3 PROPERTIES TIMEOUT 120)
