# A hostile world: what others may do to a run, and what must come of it (docs/THREATS.md).
function(mailfrom_hostile name)
  add_test(NAME ${name} COMMAND /usr/bin/python3 -B
    ${CMAKE_CURRENT_SOURCE_DIR}/hostile/${name}.py $<TARGET_FILE:mailfrom> $<TARGET_FILE:ses-sim> ${ARGN})
  set_tests_properties(${name} PROPERTIES LABELS release TIMEOUT 240)
endfunction()

mailfrom_hostile(hostile_wire)
mailfrom_hostile(hostile_files)
mailfrom_hostile(hostile_output)
mailfrom_hostile(hostile_limits)
mailfrom_hostile(hostile_plans)
