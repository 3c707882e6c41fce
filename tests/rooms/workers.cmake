# Many workers on one journal in PostgreSQL, disturbed in every way that outsiders can. Each starts a server
# of its own; tests/long/workers.sh runs them at full length.
function(mailfrom_workers name)
  add_test(NAME workers_${name} COMMAND /usr/bin/python3 -B
    ${CMAKE_CURRENT_SOURCE_DIR}/workers/${name}.py
    $<TARGET_FILE:mailfrom> $<TARGET_FILE:ses-sim> $<TARGET_FILE:wall_clock> ${ARGN})
  set_tests_properties(workers_${name} PROPERTIES LABELS release TIMEOUT 300)
endfunction()

mailfrom_workers(kills --seed 1 --rounds 5)
mailfrom_workers(network --only pooled)
mailfrom_workers(orders --only waves)
mailfrom_workers(shares --only credentials --only rights --only teams)
