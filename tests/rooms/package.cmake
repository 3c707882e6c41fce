# What people install; tests/long/package.sh makes a package of it and installs that in a bare Debian.
add_test(NAME install_tree COMMAND /usr/bin/python3 -B
  ${CMAKE_CURRENT_SOURCE_DIR}/package/install_tree.py ${CMAKE_BINARY_DIR})
add_test(NAME completion_bash COMMAND /usr/bin/python3 -B
  ${CMAKE_CURRENT_SOURCE_DIR}/package/completion.py $<TARGET_FILE:mailfrom>)
add_test(NAME setup_elsewhere COMMAND /usr/bin/python3 -B
  ${CMAKE_CURRENT_SOURCE_DIR}/package/setup_elsewhere.py)
add_test(NAME monitoring COMMAND /usr/bin/python3 -B
  ${CMAKE_CURRENT_SOURCE_DIR}/package/monitoring.py $<TARGET_FILE:mailfrom> $<TARGET_FILE:ses-sim>)
add_test(NAME workers_packaged COMMAND /usr/bin/python3 -B
  ${CMAKE_CURRENT_SOURCE_DIR}/package/workers.py $<TARGET_FILE:mailfrom>)
set_tests_properties(workers_packaged PROPERTIES LABELS release TIMEOUT 120)
add_test(NAME workers_walk COMMAND /usr/bin/python3 -B
  ${CMAKE_CURRENT_SOURCE_DIR}/package/workers_walk.py $<TARGET_FILE:mailfrom> $<TARGET_FILE:ses-sim>)
set_tests_properties(workers_walk PROPERTIES LABELS release TIMEOUT 600)
add_test(NAME ci_packaged COMMAND /usr/bin/python3 -B
  ${CMAKE_CURRENT_SOURCE_DIR}/package/ci.py $<TARGET_FILE:mailfrom> $<TARGET_FILE:ses-sim>)
set_tests_properties(ci_packaged PROPERTIES LABELS release TIMEOUT 600)
set_tests_properties(monitoring PROPERTIES LABELS release TIMEOUT 180)
set_tests_properties(install_tree completion_bash setup_elsewhere PROPERTIES LABELS release)
