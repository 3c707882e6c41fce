mailfrom_test(world/ses_model USES world)
mailfrom_test(world/parts USES world)
mailfrom_test(world/clients USES world)
mailfrom_test(world/dns USES world)
mailfrom_out_of_memory_test(world/out_of_memory USES world)
mailfrom_test(world/read_counts USES world scheduler engine)
mailfrom_test(world/deadline USES world scheduler engine)
mailfrom_test(world/odd_answers USES world scheduler engine)
mailfrom_test(world/waiting_looks USES world scheduler engine)
mailfrom_test(world/denied_reads USES world scheduler engine)
mailfrom_test(world/vanished USES world scheduler engine)

# What discover and a plan ask beforehand, in the simulated world.
mailfrom_test(inventory/simulated USES inventory world engine)
mailfrom_test(inventory/code USES discover)
mailfrom_test(preflight/simulated USES preflight world engine)
mailfrom_test(preflight/verdicts USES preflight engine)
mailfrom_test(preflight/enabled USES preflight engine)
mailfrom_test(organization/machine USES organization engine)
mailfrom_test(forecast/rehearsal USES forecast)
mailfrom_test(inspect/simulated USES inspect world engine)

# The simulated SES, held against AWS's own clients.
add_test(NAME sim_boto3 COMMAND /usr/bin/python3 -B
  ${CMAKE_CURRENT_SOURCE_DIR}/wire/sim_boto3.py $<TARGET_FILE:ses-sim>)
set_tests_properties(sim_boto3 PROPERTIES TIMEOUT 300)

# What others do by a script, in scaled time, as boto3 and Knot DNS show it.
add_test(NAME sim_script COMMAND /usr/bin/python3 -B
  ${CMAKE_CURRENT_SOURCE_DIR}/wire/sim_script.py $<TARGET_FILE:ses-sim>)
set_tests_properties(sim_script PROPERTIES LABELS release TIMEOUT 120)

# Zones of Route 53 and Cloudflare, changed by clients of other hands and served by Knot DNS.
add_test(NAME sim_zones COMMAND /usr/bin/python3 -B
  ${CMAKE_CURRENT_SOURCE_DIR}/wire/sim_zones.py $<TARGET_FILE:ses-sim>)
set_tests_properties(sim_zones PROPERTIES LABELS release TIMEOUT 180)
